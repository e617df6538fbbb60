/** Jobs for an engine of a tiny model, and what comes of them. */
import { loadModel } from "../../runtime/load_model.ts";
import type { Model } from "../../runtime/model.ts";
import type { Engine, EngineEvent, Job } from "../../server/engine/engine.ts";

export const FIXTURE = new URL("../fixtures/tiny-pair/", import.meta.url);
export const openModel = (): Promise<Model> => loadModel(FIXTURE, { backend: "reference" });
/** Whatever is drawn, but never the end of the text: the tests count tokens. */
export const SAMPLING = { temperature: 1, topP: 1, logitBias: { 2: -Infinity } };
export const forever = new AbortController().signal;

export function job(ids: readonly number[], changes: Partial<Job> = {}): Job {
  return {
    prompts: [{ kind: "ids", ids }],
    choices: 1,
    options: { ...SAMPLING, seed: 5 },
    maxTokens: 12,
    format: { kind: "text" },
    session: null,
    ...changes,
  };
}

export interface Outcome {
  ids: number[][];
  reasons: string[];
  state: (EngineEvent & { kind: "state" }) | null;
}

/** Reads a job to its end; `onToken` may look on. */
export async function read(
  events: AsyncIterable<EngineEvent>,
  onToken: (sequence: number, index: number) => void = () => {},
): Promise<Outcome> {
  const outcome: Outcome = { ids: [], reasons: [], state: null };
  for await (const event of events) {
    if (event.kind === "token") {
      (outcome.ids[event.sequence] ??= []).push(event.token.id);
      onToken(event.sequence, event.token.index);
    } else if (event.kind === "end") outcome.reasons[event.sequence] = event.finishReason;
    else if (event.kind === "state") outcome.state = event;
  }
  return outcome;
}

export async function generated(
  model: Model,
  ids: readonly number[],
  seed: number,
  maxTokens = 12,
): Promise<number[]> {
  const out: number[] = [];
  for await (const { id } of model.generate(ids, { ...SAMPLING, seed, maxTokens })) out.push(id);
  return out;
}

export async function idle(engine: Engine): Promise<void> {
  while (engine.load.active > 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
