/** Tokens that run ahead, on the reference backend with a sampler that hands out its choices late: nobody may notice. */
import { assert, assertEquals } from "@std/assert";
import { RunAheadPace } from "../../runtime/run_ahead_pace.ts";
import { type AheadOptions, openAheadReference } from "./ahead_reference.ts";
import { LIVELY, RUN_AHEAD_CASES, snapshotsAtEveryStop, started } from "./run_ahead_cases.ts";
import type { Model } from "../../runtime/model.ts";

const FIXTURE = new URL("../fixtures/tiny-pair", import.meta.url);
const open = (options: AheadOptions): Promise<Model> => openAheadReference(FIXTURE, options);

for (const [name, scenario] of Object.entries(RUN_AHEAD_CASES)) {
  Deno.test(`RunAhead does not change ${name}`, async () => {
    await using alone = await open({});
    const wanted = await scenario(alone);
    for (const runAhead of [1, 2, 5, 32]) {
      await using model = await open({ runAhead });
      assertEquals(await scenario(model), wanted, `${runAhead} tokens ahead`);
    }
  });
}

Deno.test("RunAhead leaves the same snapshot at every stop, 1 to 32 tokens ahead", async () => {
  await using alone = await open({});
  for (const hasPending of [false, true]) {
    const wanted = await snapshotsAtEveryStop(alone, 32, hasPending);
    for (let runAhead = hasPending ? 2 : 1; runAhead <= 32; runAhead += 2) {
      await using model = await open({ runAhead });
      const got = await snapshotsAtEveryStop(model, runAhead, hasPending);
      got.forEach((bytes, i) =>
        assert(equalBytes(bytes, wanted[i]), `stopped after ${i + 1} of ${runAhead} tokens ahead`)
      );
    }
  }
});

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

Deno.test("RunAhead goes no further than a chunk, whose length the rings have to spare", async () => {
  await using alone = await open({ chunkSize: 3 });
  await using model = await open({ chunkSize: 3, runAhead: 32 });
  const wanted = await snapshotsAtEveryStop(alone, 9, true);
  assertEquals(await snapshotsAtEveryStop(model, 9, true), wanted);
});

Deno.test("RunAhead chooses from the logits where the backend allows no choice", async () => {
  await using alone = await open({});
  await using whole = await started(alone);
  const wanted = await Array.fromAsync(whole.generate({ ...LIVELY, maxTokens: 12 }), ({ id }) => id);
  for (const refused of [[0], [1], [4], [2, 3, 7], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]]) {
    for (const runAhead of [1, 4]) {
      await using model = await open({ runAhead, isRefused: (step) => refused.includes(step) });
      await using session = await started(model);
      const ids = await Array.fromAsync(session.generate({ ...LIVELY, maxTokens: 12 }), ({ id }) => id);
      assertEquals(ids, wanted, `steps ${refused} refused, ${runAhead} tokens ahead`);
      assertEquals(await session.nextLogits(), await whole.nextLogits());
    }
  }
});

Deno.test("RunAheadPace grows to what fits 25 ms, at most doubling, and shrinks at once", () => {
  const pace = new RunAheadPace();
  const lengths: number[] = [];
  for (let batch = 0; batch < 6; batch++) {
    lengths.push(pace.length);
    pace.record(pace.length, 0.4 + pace.length * 1.2);
  }
  assertEquals(lengths, [2, 4, 8, 16, 20, 20]);
  pace.record(20, 200);
  assertEquals(pace.length, 2);
  pace.record(2, 100);
  assertEquals(pace.length, 1);
  pace.record(1, 0);
  assertEquals(pace.length, 2);
});
