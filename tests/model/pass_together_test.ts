/** Sessions whose tokens pass together write what each would write alone, to the last bit, on every CPU backend. */
import { assertEquals, assertThrows } from "@std/assert";
import { loadModel, type Model, type Token } from "../../mod.ts";
import { ConfigError } from "../../runtime/errors.ts";
import { Session } from "../../runtime/session.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const PROMPTS = [[5], [7, 8, 9], Array.from({ length: 40 }, (_, i) => 3 + (i * 17) % 50)];
const OPTIONS = { temperature: 1, logprobs: 2, maxTokens: 14, logitBias: { 2: -Infinity } };

/** Generates in every session, a token each in turn; `between` runs before each round. */
async function takeTurns(sessions: readonly Session[], between: () => void): Promise<Token[][]> {
  const generations = sessions.map((session, seed) => session.generate({ ...OPTIONS, seed }));
  const tokens: Token[][] = sessions.map(() => []);
  for (let round = 0; round < OPTIONS.maxTokens; round++) {
    between();
    for (const [i, generation] of generations.entries()) {
      tokens[i].push((await generation.next()).value as Token);
    }
  }
  await Promise.all(generations.map((generation) => generation.next()));
  return tokens;
}

/** One session a prompt, and a fork of each, which shares its parent's keys and values. */
async function openSessions(model: Model): Promise<Session[]> {
  const sessions = await Promise.all(PROMPTS.map(async (prompt) => {
    const session = await model.createSession({ rewind: { interval: 4, checkpoints: 8 } });
    await session.append(prompt);
    return session;
  }));
  return [...sessions, ...await Promise.all(sessions.map((session) => session.fork()))];
}

for (const backend of ["reference", "wasm"] as const) {
  for (const name of ["tiny-pair", "tiny-quant", "tiny-triple"]) {
    for (const chunkSize of [4, 64]) {
      Deno.test(`Session.passTogether changes no bit, ${name}, ${backend}, passes of ${chunkSize}`, async () => {
        await using model = await loadModel(new URL(name, FIXTURES), { backend, chunkSize });
        const alone = await openSessions(model), together = await openSessions(model);
        const expected = await takeTurns(alone, () => {});
        assertEquals(await takeTurns(together, () => Session.passTogether(together)), expected);
        for (const [i, session] of together.entries()) {
          assertEquals(await session.nextLogits(), await alone[i].nextLogits());
          assertEquals(await session.nextLogits(), await alone[i].nextLogits(), "asked again");
        }
      });
    }
  }
}

Deno.test("Session.passTogether leaves nothing behind that an append or a rewind would not undo", async () => {
  await using model = await loadModel(new URL("tiny-pair", FIXTURES), { backend: "wasm" });
  const sessions = await openSessions(model), [session] = sessions;
  const alone = await openSessions(model);
  for (const each of [sessions, alone]) {
    for (const [seed, session] of each.entries()) {
      for await (const { index } of session.generate({ ...OPTIONS, seed })) if (index === 6) break;
    }
  }
  Session.passTogether(sessions);
  assertEquals(
    await session.snapshot().then((bytes) => model.restoreSession(bytes)).then((it) => it.ids),
    session.ids,
  );
  for (const [i, act] of [(it: Session) => it.append([9]), (it: Session) => it.rewind(2)].entries()) {
    await act(sessions[i]);
    await act(alone[i]);
    assertEquals(await sessions[i].nextLogits(), await alone[i].nextLogits());
  }
});

Deno.test("Session.passTogether refuses sessions that cannot go on, and changes none", async () => {
  await using model = await loadModel(new URL("tiny-pair", FIXTURES), { backend: "wasm" });
  await using other = await loadModel(new URL("tiny-pair", FIXTURES), { backend: "wasm" });
  const open = async (model: Model, maxContext?: number): Promise<Session> => {
    const session = await model.createSession({ maxContext });
    await session.append([5, 6]);
    for await (const _ of session.generate({ ...OPTIONS, seed: 1 })) break;
    return session;
  };
  const sound = await open(model);
  for (
    const [bad, words] of [
      [await open(other), "different models"],
      [await open(model, 2), "maxContext"],
    ] as const
  ) {
    assertThrows(() => Session.passTogether([sound, bad]), ConfigError, words);
  }
  const gone = await open(model);
  await gone[Symbol.asyncDispose]();
  assertThrows(() => Session.passTogether([sound, gone]), ConfigError, "disposed");
  const [first] = await Array.fromAsync(sound.generate({ ...OPTIONS, seed: 3, maxTokens: 1 }));
  const again = await open(model);
  assertEquals(await Array.fromAsync(again.generate({ ...OPTIONS, seed: 3, maxTokens: 1 })), [first]);
});
