import { assertEquals, assertRejects } from "@std/assert";
import { loadModel } from "../../runtime/load_model.ts";
import { ConfigError } from "../../runtime/errors.ts";
import type { Token } from "../../runtime/generation_options.ts";
import type { TokenConstraint } from "../../runtime/token_constraint.ts";

const FIXTURE = new URL("../fixtures/tiny-pair/", import.meta.url);

/** Allows the ids of a list one after the other, and nothing after the last. */
class Sentence implements TokenConstraint {
  readonly accepted: number[] = [];
  readonly #ids: readonly number[];

  constructor(ids: readonly number[]) {
    this.#ids = ids;
  }

  get isFinished(): boolean {
    return this.accepted.length === this.#ids.length;
  }

  constrain(logits: Float32Array): void {
    const only = this.#ids[this.accepted.length];
    for (let id = 0; id < logits.length; id++) if (id !== only) logits[id] = -Infinity;
  }

  accept(id: number): void {
    this.accepted.push(id);
  }
}

async function collect(tokens: AsyncGenerator<Token, { finishReason: string }>): Promise<[number[], string]> {
  const ids: number[] = [];
  for (;;) {
    const next = await tokens.next();
    if (next.done) return [ids, next.value.finishReason];
    ids.push(next.value.id);
  }
}

Deno.test("Session.generate keeps to a constraint, and ends when nothing may follow", async () => {
  await using model = await loadModel(FIXTURE, { backend: "reference" });
  const sentence = [3, 1, 4, 1, 5];
  const constraint = new Sentence(sentence);
  assertEquals(await collect(model.generate([7, 8], { seed: 1, constraint })), [sentence, "eos"]);
  assertEquals(constraint.accepted, sentence);
});

Deno.test("Session.generate leaves the state that the constrained tokens make", async () => {
  await using model = await loadModel(FIXTURE, { backend: "reference" });
  await using session = await model.createSession();
  await session.append([7, 8]);
  await collect(session.generate({ constraint: new Sentence([3, 1]) }));
  const whole = await model.logits([7, 8], { steps: [3, 1] });
  assertEquals(Array.from(await session.nextLogits()), Array.from(whole.subarray(-model.config.vocabSize)));
});

Deno.test("Session.resume takes a constraint that goes on where the first one was", async () => {
  await using model = await loadModel(FIXTURE, { backend: "reference" });
  await using session = await model.createSession();
  await session.append([7, 8]);
  const interrupted = session.generate({ constraint: new Sentence([3, 1, 4]) });
  await interrupted.next();
  await interrupted.return(undefined as never);
  await using restored = await model.restoreSession(await session.snapshot());
  assertEquals(await collect(restored.resume({ constraint: new Sentence([9, 10]) })), [[9, 10], "eos"]);
});

Deno.test("Session.generate fails with a typed error where a constraint allows nothing", async () => {
  await using model = await loadModel(FIXTURE, { backend: "reference" });
  await assertRejects(() => collect(model.generate([7], { constraint: new Sentence([-1]) })), ConfigError);
});
