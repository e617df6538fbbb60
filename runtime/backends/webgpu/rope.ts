/** @file RoPE's frequencies as the rotation library reads them. */

/**
 * Turns per position as 64-bit fractions, high word first: `[2 n]` u32. Whole turns are dropped; they return every position to
 * where it was.
 *
 * @param inverseFrequencies `[n]`, radians per position
 */
export function fixedPointTurns(inverseFrequencies: Float64Array): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(2 * inverseFrequencies.length);
  inverseFrequencies.forEach((frequency, i) => {
    const turns = frequency / (2 * Math.PI);
    const scaled = (turns - Math.floor(turns)) * 2 ** 32;
    words[2 * i] = Math.floor(scaled);
    words[2 * i + 1] = Math.floor((scaled - Math.floor(scaled)) * 2 ** 32);
  });
  return words;
}
