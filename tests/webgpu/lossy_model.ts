/** @file Models on a GPU that a test takes away, and what is done with them. */
import { type GenerationSummary, loadModel, type LoadOptions, type Model, type Session } from "../../mod.ts";
import type { DeviceOptions } from "../../runtime/backends/webgpu/device.ts";
import { TestGpu } from "./test_gpu.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);

/** Longer than the rings of the tiny checkpoints. */
export const PROMPT: readonly number[] = Array.from({ length: 40 }, (_, i) => 3 + (i * 17) % 50);
/** A short generation. */
export const GREEDY = { temperature: 0, maxTokens: 24 };

/** A model on a GPU that can be taken away. */
export interface OnGpu extends AsyncDisposable {
  readonly model: Model;
  readonly gpu: TestGpu;
}

/** Loads a fixture, or the default model, onto such a GPU. */
export async function open(
  options: DeviceOptions,
  name: string | null,
  load: LoadOptions = {},
): Promise<OnGpu> {
  const gpu = new TestGpu(options);
  const backend = { kind: "webgpu", allowSoftware: true, gpu: gpu.gpu } as const;
  const source = name === null ? undefined : new URL(name, FIXTURES);
  const model = await loadModel(source, { ...load, backend });
  return { model, gpu, [Symbol.asyncDispose]: () => model[Symbol.asyncDispose]() };
}

/** Loads the same onto WASM. */
export const onWasm = (name: string | null): Promise<Model> =>
  loadModel(name === null ? undefined : new URL(name, FIXTURES), { backend: "wasm" });

/** What a generation gave. */
export interface Outcome {
  readonly ids: readonly number[];
  readonly text: string;
  readonly summary: GenerationSummary;
}

/** Generates, calling `onToken` after each token. */
export async function generate(
  session: Session,
  onToken: (index: number) => void = () => {},
  options = GREEDY,
): Promise<Outcome> {
  const ids: number[] = [];
  let text = "";
  const tokens = session.generate(options);
  for (;;) {
    const { done, value } = await tokens.next();
    if (done) return { ids, text, summary: value };
    ids.push(value.id);
    text += value.text;
    onToken(value.index);
  }
}

/** A session that holds the prompt. */
export async function started(
  model: Model,
  options: Parameters<Model["createSession"]>[0] = {},
): Promise<Session> {
  const session = await model.createSession(options);
  await session.append(PROMPT);
  return session;
}
