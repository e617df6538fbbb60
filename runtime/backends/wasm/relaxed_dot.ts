/** @file Whether this engine has relaxed SIMD, and gets its 8-bit dot product right. */

/**
 * A module of one function, (a: i32, b: i32, c: i32) => i32, whose body in the text format is
 *
 *     (i32x4.extract_lane 0 (i32x4.relaxed_dot_i8x16_i7x16_add_s
 *       (i8x16.splat (local.get 0)) (i8x16.splat (local.get 1)) (i32x4.splat (local.get 2))))
 *
 * The addend is a value on the stack, not a local: V8's baseline compiler in Node 20 adds the products to themselves then.
 */
// deno-fmt-ignore
const MODULE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, // magic, version
  1, 8, 1, 96, 3, 127, 127, 127, 1, 127, // type
  3, 2, 1, 0, 7, 4, 1, 0, 0, 0, // function, export ""
  10, 22, 1, 20, 0, 32, 0, 253, 15, 32, 1, 253, 15, 32, 2, 253, 17, 253, 147, 2, 253, 27, 0, 11, // code
);

/** What is wrong with relaxed SIMD here; null: nothing that one dot product shows. */
export async function relaxedDotFault(): Promise<string | null> {
  if (!WebAssembly.validate(MODULE)) return "the engine has no relaxed SIMD";
  const { instance } = await WebAssembly.instantiate(MODULE);
  const dot = instance.exports[""] as (a: number, b: number, c: number) => number;
  const got = dot(3, 5, 1);
  return got === 61 ? null : `the engine computes 4 * 3 * 5 + 1 as ${got} in relaxed SIMD`;
}
