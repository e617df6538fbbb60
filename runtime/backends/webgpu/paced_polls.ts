/**
 * @file Keeps Dawn's Node binding (the npm package `webgpu`) from asking too often whether the GPU is done. While a promise of its is
 * open it asks at every turn of the event loop, through `setImmediate` and with a function made anew for each turn
 * (dawn/node/binding/AsyncRunner.cpp). That keeps a core busy, and in Deno it stops the program for seconds at a time: when such functions
 * are collected, Deno's Node-API looks for each in the list of all of them, and there soon are hundreds of thousands.
 */

type Schedule = (callback: () => void) => unknown;

/** Milliseconds after a call in which asking often pays: a short read takes less. */
const EAGER_MS = 2;
/** Milliseconds between two polls in that time. */
const EAGER_INTERVAL_MS = 0.1;
/** Milliseconds between two polls after it. */
const INTERVAL_MS = 1;

/**
 * Makes a call that opens a promise of a GPU's, and spaces the polls that it starts. Only while the GPU's own code runs does it see another
 * `setImmediate`; a platform's own WebGPU calls none.
 */
export function paced<T>(call: () => T): T {
  return withPolls(call, performance.now());
}

function withPolls<T>(call: () => T, began: number): T {
  const scope = globalThis as { setImmediate?: Schedule };
  const { setImmediate } = scope;
  if (setImmediate === undefined) return call();
  scope.setImmediate = (poll) => {
    const next = () => withPolls(poll, began);
    const now = performance.now();
    if (now - began < EAGER_MS) turnsUntil(now + EAGER_INTERVAL_MS, setImmediate, next);
    else setTimeout(next, INTERVAL_MS);
  };
  try {
    return call();
  } finally {
    scope.setImmediate = setImmediate;
  }
}

/** Lets the event loop turn until a time of `performance.now()`, then calls. */
function turnsUntil(time: number, setImmediate: Schedule, call: () => void): void {
  setImmediate(() => performance.now() < time ? turnsUntil(time, setImmediate, call) : call());
}
