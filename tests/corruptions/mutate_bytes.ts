import { type Corruption, splice } from "./mutate_json.ts";
import { Seeded } from "./seeded.ts";

/** Numbers that lengths, counts, offsets and types should not be. */
const STRANGE: readonly bigint[] = [
  0n,
  1n,
  7n,
  255n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/**
 * Damages a binary file, a different way for each seed: bits flipped, numbers overwritten, pieces removed, doubled, moved or
 * zeroed. Not every result is wrong: damage to a number's last bits cannot be told.
 */
export function mutateBytes(bytes: Uint8Array<ArrayBuffer>, seed: number): Corruption {
  const random = new Seeded(seed);
  const at = random.below(bytes.length);
  const length = 1 + random.below(Math.min(64, bytes.length - at));
  const piece = bytes.slice(at, at + length);
  switch (random.below(6)) {
    case 0: {
      const flipped = bytes.slice();
      flipped[at] ^= 1 << random.below(8);
      return { what: `a bit of byte ${at} flipped`, bytes: flipped };
    }
    case 1: {
      const value = random.pick(STRANGE);
      return overwrite(bytes, at, random.pick([4, 8]), value);
    }
    case 2:
      return {
        what: `bytes ${at} to ${at + length} removed`,
        bytes: splice(bytes, at, length, new Uint8Array(0)),
      };
    case 3:
      return { what: `bytes ${at} to ${at + length} doubled`, bytes: splice(bytes, at, 0, piece) };
    case 4: {
      const moved = splice(bytes, at, length, new Uint8Array(0));
      const to = random.below(moved.length);
      return { what: `bytes ${at} to ${at + length} moved to ${to}`, bytes: splice(moved, to, 0, piece) };
    }
    default:
      return {
        what: `bytes ${at} to ${at + length} zeroed`,
        bytes: splice(bytes, at, length, new Uint8Array(length)),
      };
  }
}

/** `bytes` with the little-endian number of `width` bytes at `at` replaced by `value`, as far as the file goes. */
export function overwrite(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  width: number,
  value: bigint,
): Corruption {
  const number = new Uint8Array(BigUint64Array.of(value).buffer).subarray(
    0,
    Math.min(width, bytes.length - at),
  );
  return { what: `number at byte ${at} = ${value}`, bytes: splice(bytes, at, number.length, number) };
}

/** `bytes` cut off after each length from 0 to all but one. */
export function truncations(bytes: Uint8Array<ArrayBuffer>, step = 1): Corruption[] {
  const lengths = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => i * step);
  return lengths.map((length) => ({ what: `cut off at byte ${length}`, bytes: bytes.slice(0, length) }));
}
