/** @file Seeded random numbers for tests, of another kind than the ones under test. */

/** Draws from a fixed sequence. */
export interface Seeded {
  /** A number in [0, 1). */
  number(): number;
  /** An integer in [0, below). */
  integer(below: number): number;
  /** One of the values. */
  of<T>(values: readonly T[]): T;
  /** A standard normal number. */
  normal(): number;
}

/** Marsaglia's xorshift32 (Journal of Statistical Software 8(14), 2003). */
export function seeded(seed: number): Seeded {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  const number = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state / 2 ** 32;
  };
  const integer = (below: number): number => Math.floor(number() * below);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - number())) * Math.cos(2 * Math.PI * number());
  return { number, integer, normal, of: (values) => values[integer(values.length)] };
}
