/** @file What a caller does with a session, as data: it has to come out the same however many tokens run ahead. */
import { assertRejects } from "@std/assert";
import type { GenerateOptions, Model } from "../../mod.ts";
import { ConfigError } from "../../runtime/errors.ts";
import { Session } from "../../runtime/session.ts";

/** Longer than the rings of the tiny checkpoints. */
export const PROMPT: readonly number[] = Array.from({ length: 44 }, (_, i) => 3 + (i * 17) % 50);
/** Options under which every token is another one. */
export const LIVELY: GenerateOptions = {
  temperature: 6,
  topP: 0.98,
  topK: 50,
  repetitionPenalty: 1.3,
  frequencyPenalty: 0.2,
  penaltyWindow: 7,
  logitBias: { 5: -Infinity, 7: 1.5 },
  seed: 11,
};

/** A session that holds the prompt. */
export async function started(model: Model, options = {}): Promise<Session> {
  const session = await model.createSession(options);
  await session.append(PROMPT);
  return session;
}

/** Everything that a generation says but for its times; `breakAfter` leaves it after so many tokens. */
async function run(session: Session, options: GenerateOptions, breakAfter = Infinity): Promise<unknown[]> {
  const seen: unknown[] = [];
  const tokens = session.generate({ ...LIVELY, ...options });
  for (let next = await tokens.next();; next = await tokens.next()) {
    if (next.done) {
      const { finishReason, generatedTokens, seed } = next.value;
      return [...seen, { finishReason, generatedTokens, seed }];
    }
    if (seen.push(next.value) >= breakAfter) break;
  }
  await tokens.return(undefined as never);
  return seen;
}

/** A session's whole state, logits included. */
async function stateOf(session: Session): Promise<unknown[]> {
  return [await session.snapshot(), await session.nextLogits(), session.ids.slice()];
}

/** What is done, and what there is to see of it. */
export type RunAheadCase = (model: Model) => Promise<unknown>;

/** By what they are about. */
export const RUN_AHEAD_CASES: Readonly<Record<string, RunAheadCase>> = {
  "log-probabilities": async (model) => {
    await using session = await started(model);
    return [await run(session, { maxTokens: 11, logprobs: 3 }), await stateOf(session)];
  },
  "greedy choices": async (model) => {
    await using session = await started(model);
    return [await run(session, { maxTokens: 11, temperature: 0 }), await stateOf(session)];
  },
  "the end-of-text token": async (model) => {
    const seen: unknown[] = [];
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      await using session = await started(model);
      seen.push(await run(session, { seed, logitBias: { 2: 25 }, maxTokens: 30 }), await stateOf(session));
    }
    return seen;
  },
  "maxTokens, and another generation after it": async (model) => {
    await using session = await started(model);
    const seen: unknown[] = [];
    for (const maxTokens of [1, 2, 3, 7]) seen.push(await run(session, { maxTokens, seed: maxTokens }));
    return [seen, await stateOf(session)];
  },
  "leaving the loop, going on, and generating anew": async (model) => {
    await using session = await started(model);
    const seen: unknown[] = [];
    for (const breakAfter of [1, 3, 6]) seen.push(await run(session, { maxTokens: 20 }, breakAfter));
    seen.push(await Array.fromAsync(session.resume()));
    return [seen, await stateOf(session)];
  },
  "an aborted signal": async (model) => {
    await using session = await started(model);
    const controller = new AbortController();
    const seen: unknown[] = [];
    for await (const token of session.generate({ ...LIVELY, maxTokens: 30, signal: controller.signal })) {
      if (seen.push(token) === 6) controller.abort();
    }
    return [seen, await stateOf(session)];
  },
  "forks between tokens": async (model) => {
    await using session = await started(model);
    const seen: unknown[] = [];
    for await (const token of session.generate({ ...LIVELY, maxTokens: 9 })) {
      await using fork = await session.fork();
      seen.push(token, await fork.nextLogits(), await run(fork, { maxTokens: 2 }));
    }
    return [seen, await stateOf(session)];
  },
  "rewinding to checkpoints": async (model) => {
    const seen: unknown[] = [];
    for (const [breakAfter, back] of [[6, 1], [7, 4], [12, 5], [13, 8]]) {
      await using session = await started(model, { rewind: { interval: 3, checkpoints: 3 } });
      seen.push(await run(session, { maxTokens: 20 }, breakAfter));
      await session.rewind(back);
      seen.push(await stateOf(session));
    }
    return seen;
  },
  "a declared context that is used up": async (model) => {
    await using session = await started(model, { maxContext: PROMPT.length + 5 });
    const ids: number[] = [];
    await assertRejects(
      async () => {
        for await (const { id } of session.generate({ ...LIVELY, maxTokens: 20 })) ids.push(id);
      },
      ConfigError,
      "maxContext",
    );
    return [ids, session.ids.slice()];
  },
  "snapshots while a token is being made": async (model) => {
    await using session = await started(model);
    const tokens = session.generate({ ...LIVELY, maxTokens: 6 });
    const seen = new Set<string>();
    for (let done = false; !done;) {
      const next = tokens.next().then((result) => done = result.done ?? false);
      const snapshots: Promise<Uint8Array>[] = [];
      for (let microtasks = 0; microtasks < 12; microtasks++) {
        if (session.ids.length > PROMPT.length) snapshots.push(session.snapshot());
        await Promise.resolve();
      }
      await next;
      for (const bytes of await Promise.all(snapshots)) {
        await using again = await model.restoreSession(bytes);
        const before = again.ids.slice();
        const after = again.interrupted ? await Array.fromAsync(again.resume(), ({ id }) => id) : [];
        seen.add([...before, ...after].join());
      }
    }
    return [[...seen], session.ids.slice()];
  },
  "sessions that take turns, apart and together": async (model) => {
    await using one = await started(model);
    await using other = await started(model);
    await other.append([9, 8, 7]);
    const tokens = [one, other].map((session, i) => session.generate({ ...LIVELY, maxTokens: 14, seed: i }));
    const ids: unknown[] = [];
    for (let turn = 0; turn < 15; turn++) {
      if (turn === 4 || turn > 9) Session.passTogether([one, other]);
      if (turn === 6) Session.passTogether([one]);
      for (const each of tokens) {
        const next = await each.next();
        if (!next.done) ids.push(next.value.id);
      }
    }
    return [ids, await stateOf(one), await stateOf(other)];
  },
  "keys and values that outgrow their memory": async (model) => {
    await using session = await started(model);
    const { numMetaTokens } = model.config;
    await session.append(Array.from({ length: 505 - PROMPT.length - numMetaTokens }, (_, i) => 3 + i % 50));
    await using fork = await session.fork();
    const seen = [await run(session, { maxTokens: 14 }), session.ids.slice(), await session.nextLogits()];
    return [seen, await run(fork, { maxTokens: 14, seed: 3 }, 4), await fork.nextLogits()];
  },
};

/**
 * Leaves generations after each number of tokens from 1 to `length`, all beginning from one state, with a token that has not passed yet
 * or without; the snapshots.
 */
export async function snapshotsAtEveryStop(
  model: Model,
  length: number,
  hasPending: boolean,
): Promise<Uint8Array[]> {
  await using session = await started(model);
  if (hasPending) await run(session, { maxTokens: 1, seed: 1 });
  const snapshots: Uint8Array[] = [];
  for (let stop = 1; stop <= length; stop++) {
    await using fork = await session.fork();
    await run(fork, { maxTokens: 64 }, stop);
    snapshots.push(await fork.snapshot());
  }
  return snapshots;
}
