/** @file Times and sizes as people read them. */

/** Median milliseconds of some rounds; what a round made is cleaned up outside the time. */
export async function medianOf<T>(
  rounds: number,
  work: () => Promise<T>,
  cleanUp?: (made: T) => Promise<void>,
): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const made = await work();
    times.push(performance.now() - start);
    await cleanUp?.(made);
  }
  return times.sort((a, b) => a - b)[rounds >> 1];
}

/** Milliseconds, or seconds where they are many. */
export function milliseconds(time: number): string {
  if (time >= 10_000) return `${(time / 1000).toFixed(1)} s`;
  return `${time.toFixed(time < 10 ? 2 : 0)} ms`;
}

/** Bytes in a decimal unit. */
export function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
