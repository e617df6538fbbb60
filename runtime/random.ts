/**
 * @file Counter-based random numbers: no state but a seed and a counter, so that any step can be repeated alone, on any
 * backend. Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11, section 4.3)
 * uses u32 multiplications and xors only; a WGSL shader reproduces it bit for bit.
 */

/** Multipliers of Philox4x32 (Salmon et al., table 2). */
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** Weyl increments of the key: the golden ratio and sqrt(3) - 1 as 32-bit fractions. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Largest seed: 2^53 - 1. Its low 32 bits are the key's first word, the other 21 its second. */
export const MAX_SEED: number = Number.MAX_SAFE_INTEGER;

/** Largest and smallest value that {@link gumbel} can return: at u = 1 - 2^-24 and u = 2^-24. */
export const MAX_GUMBEL: number = -Math.log(-Math.log1p(-(2 ** -24)));
/** See {@link MAX_GUMBEL}. */
export const MIN_GUMBEL: number = -Math.log(24 * Math.LN2);

/**
 * High 32 bits of the product of two u32, from 16-bit halves, as WGSL has to do it. Numbers stay int32, which is what
 * V8 keeps in registers; their bits are those of the u32.
 */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0; // at most 2^32 - 2^16: no carry is lost
  const cross = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) | 0;
}

/**
 * One block of Philox4x32-10.
 *
 * @param counter four u32, left as they are
 * @param key two u32
 * @param out four u32 are written here
 */
export function philox4x32(counter: Uint32Array, key: Uint32Array, out: Uint32Array): void {
  let c0 = counter[0] | 0, c1 = counter[1] | 0, c2 = counter[2] | 0, c3 = counter[3] | 0;
  let k0 = key[0] | 0, k1 = key[1] | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(MULTIPLIER_0, c0), high1 = mulHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0), low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * Uniform and Gumbel numbers for one seed: index `i` of step `s` is lane `i % 4` of the Philox block with the counter
 * `(floor(i / 4), s, 0, 0)` and the key `(seed mod 2^32, floor(seed / 2^32))`. Asking twice gives the same number; only
 * the last block is kept, for the next three indices.
 */
export class CounterRandom {
  readonly #counter = new Uint32Array(4);
  readonly #key = new Uint32Array(2);
  readonly #block = new Uint32Array(4);

  /** Numbers of a seed: an integer from 0 to {@link MAX_SEED}. */
  constructor(seed: number) {
    this.#key.set(seedWords(seed));
    philox4x32(this.#counter, this.#key, this.#block);
  }

  /** 32 random bits. `step` and `index` are u32. */
  bits(step: number, index: number): number {
    const block = index >>> 2;
    if (this.#counter[0] !== block || this.#counter[1] !== step) {
      this.#counter[0] = block;
      this.#counter[1] = step;
      philox4x32(this.#counter, this.#key, this.#block);
    }
    return this.#block[index & 3];
  }

  /**
   * Uniform number in (0, 1): the odd multiple `2 * floor(bits / 2^9) + 1` of 2^-24. Such a number and its distance to 1
   * are exact in f32, so neither end is ever reached, there or here.
   */
  uniform(step: number, index: number): number {
    return ((this.bits(step, index) >>> 9) * 2 + 1) * 2 ** -24;
  }

  /**
   * Standard Gumbel number `-log(-log(u))`, from {@link MIN_GUMBEL} to {@link MAX_GUMBEL}.
   *
   * In f32, take `v = 1 - u` (exact) and `-log(u) = v + v^2/2 + v^3/3 + ...` for small v: WGSL's `log` is only good to
   * 2^-21 absolute next to 1, where the numbers that win a draw lie.
   */
  gumbel(step: number, index: number): number {
    return -Math.log(-Math.log(this.uniform(step, index)));
  }

  /**
   * A number that {@link CounterRandom.gumbel} does not exceed, without logarithms: with v = 1 - u = w * 2^-24,
   * -log(u) >= v, so G <= -log(v) <= (24 - floor(log2(w))) * log(2).
   */
  gumbelBound(step: number, index: number): number {
    const w = 2 ** 24 - ((this.bits(step, index) >>> 9) * 2 + 1);
    return (Math.clz32(w) - 7) * Math.LN2;
  }
}

/** The two words of the key that a seed stands for. */
export function seedWords(seed: number): [low: number, high: number] {
  return [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
}

/** A seed of 53 random bits from the platform's own generator. */
export function randomSeed(): number {
  const words = crypto.getRandomValues(new Uint32Array(2));
  return (words[1] >>> 11) * 2 ** 32 + words[0];
}
