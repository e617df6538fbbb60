/** The polls of Dawn's Node binding, spaced. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { paced } from "../../runtime/backends/webgpu/paced_polls.ts";

const setImmediateBefore = globalThis.setImmediate;

/** A promise that is kept as Dawn keeps its: polled for at every turn of the event loop, `polls` times. */
function polled(polls: number, times: number[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const poll = () => {
    times.push(performance.now());
    if (times.length === polls) resolve("done");
    else globalThis.setImmediate(poll);
  };
  globalThis.setImmediate(poll);
  return promise;
}

Deno.test("paced keeps polls apart, and lets everybody else's immediates be", async () => {
  const times: number[] = [];
  const done = paced(() => polled(60, times));
  assertEquals(globalThis.setImmediate, setImmediateBefore);
  let turns = 0;
  const turn = () => {
    turns++;
    if (times.length < 60) setImmediate(turn);
  };
  turn();
  assertEquals(await done, "done");
  assertEquals(globalThis.setImmediate, setImmediateBefore);
  times.slice(1).forEach((time, i) => assert(time - times[i] >= 0.1, `poll ${i + 1} keeps its distance`));
  assert(turns > times.length, `${turns} turns, ${times.length} polls`);
});

Deno.test("paced hands on what a call returns or throws", async () => {
  assertEquals(paced(() => 5), 5);
  assertThrows(() =>
    paced(() => {
      throw new RangeError("no");
    }), RangeError);
  await assertRejects(() => paced(() => Promise.reject(new RangeError("no"))), RangeError);
  assertEquals(globalThis.setImmediate, setImmediateBefore);
});

Deno.test("paced leaves alone what a platform without setImmediate calls", () => {
  const scope = globalThis as { setImmediate?: unknown };
  delete scope.setImmediate;
  try {
    assertEquals(paced(() => "setImmediate" in globalThis), false);
    assertEquals("setImmediate" in globalThis, false);
  } finally {
    scope.setImmediate = setImmediateBefore;
  }
});
