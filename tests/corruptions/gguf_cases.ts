import { GgufSample } from "./gguf_sample.ts";
import { splice } from "./mutate_json.ts";

/** A file with one f32 tensor of 8 numbers, whose info and data `tensor` writes; 32 bytes of data follow. */
const withTensor = (tensor: (sample: GgufSample) => void): Uint8Array<ArrayBuffer> => {
  const sample = new GgufSample().prologue(1, 0);
  tensor(sample);
  return sample.pad().zeros(32).bytes();
};

/** A file with one metadata entry, written by `entry`, and no tensor. */
const withEntry = (entry: (sample: GgufSample) => void): Uint8Array<ArrayBuffer> => {
  const sample = new GgufSample().prologue(0, 1);
  entry(sample);
  return sample.pad().bytes();
};

const alignment = (value: number, type = 4): Uint8Array<ArrayBuffer> =>
  withEntry((sample) => sample.entry("general.alignment", type).u32("alignment", value));

/** What the fuzzing and its reading found worth keeping: file, and what the error says. */
export const GGUF_CASES: Readonly<Record<string, [Uint8Array<ArrayBuffer>, RegExp]>> = {
  "no bytes": [new Uint8Array(0), /magic number/],
  "another magic number": [new GgufSample().raw("GGML").zeros(60).bytes(), /does not begin with "GGUF"/],
  "big-endian": [new GgufSample().raw("GGUF").raw([0, 0, 0, 3]).zeros(60).bytes(), /big-endian/],
  "version 2": [new GgufSample().prologue(0, 0, 2).bytes(), /version is 2/],
  "2^63 tensors": [
    new GgufSample().prologue(2n ** 63n, 0).bytes(),
    /number of tensors is 9223372036854775808/,
  ],
  "2^63 metadata entries": [
    new GgufSample().prologue(0, 2n ** 63n).bytes(),
    /metadata entries is 9223372036854775808/,
  ],
  "more tensors than fit": [
    new GgufSample().prologue(1000, 0).zeros(1000).bytes(),
    /at most the 42 that fit/,
  ],
  "65537 metadata entries": [
    new GgufSample().prologue(0, 65537).zeros(13 * 65537).bytes(),
    /expected at most 65536$/,
  ],
  "alignment 0": [alignment(0), /power of two/],
  "alignment 48": [alignment(48), /power of two/],
  "alignment 2^31 beyond the file": [
    new GgufSample().prologue(1, 1).entry("general.alignment", 4).u32("alignment", 2 ** 31).tensor(
      "w",
      [8],
      0,
      0,
    ).zeros(64).bytes(),
    /bytes, expected/,
  ],
  "alignment of type i32": [alignment(32, 5), /of type i32/],
  "key twice": [
    new GgufSample().prologue(0, 2).entry("a", 7).raw([1]).entry("a", 7).raw([1]).pad().bytes(),
    /"a" is there twice/,
  ],
  "empty key": [withEntry((sample) => sample.entry("", 7).raw([1])), /has 0 bytes/],
  "key of 65536 bytes": [
    withEntry((sample) => sample.entry("k".repeat(65536), 7).raw([1])),
    /has 65536 bytes/,
  ],
  "key that is not UTF-8": [
    withEntry((s) => s.string("key", Uint8Array.of(0xc3)).u32("type", 7).raw([1])),
    /UTF-8/,
  ],
  "text that is not UTF-8": [
    withEntry((s) => s.entry("a", 8).string("a", Uint8Array.of(0xff, 0xfe))),
    /UTF-8/,
  ],
  "text of 2^64 - 1 bytes": [
    withEntry((s) => s.entry("a", 8).u64("length", 2n ** 64n - 1n)),
    /18446744073709551615/,
  ],
  "metadata of type 13": [withEntry((sample) => sample.entry("a", 13).zeros(8)), /has type 13/],
  "array of arrays": [
    withEntry((s) => s.entry("a", 9).u32("type", 9).u64("length", 1).zeros(12)),
    /are arrays/,
  ],
  "arrays nested 1000 deep": [
    withEntry((sample) => {
      sample.entry("a", 9);
      for (let i = 0; i < 1000; i++) sample.u32("type", 9).u64("length", 1);
      sample.u32("type", 0).u64("length", 1).raw([0]);
    }),
    /are arrays/,
  ],
  "array of 2^61 doubles": [
    withEntry((s) => s.entry("a", 9).u32("t", 12).u64("n", 2n ** 61n)),
    /2305843009213693952/,
  ],
  "array of 2^63 texts": [
    withEntry((s) => s.entry("a", 9).u32("t", 8).u64("n", 2n ** 63n)),
    /9223372036854775808/,
  ],
  "tensor twice": [
    new GgufSample().prologue(2, 0).tensor("w", [8], 0, 0).tensor("w", [8], 0, 32).pad().zeros(64).bytes(),
    /"w" is there twice/,
  ],
  "tensor without name": [withTensor((sample) => sample.tensor("", [8], 0, 0)), /has 0 bytes/],
  "tensor name of 64 bytes": [
    withTensor((sample) => sample.tensor("n".repeat(64), [8], 0, 0)),
    /has 64 bytes/,
  ],
  "tensor name that is not UTF-8": [withTensor((s) => s.tensor(Uint8Array.of(0x80), [8], 0, 0)), /UTF-8/],
  "tensor of 5 dimensions": [
    withTensor((sample) => sample.tensor("w", [8, 1, 1, 1, 1], 0, 0)),
    /5 dimensions/,
  ],
  "tensor of 2^32 - 1 dimensions": [
    withTensor((sample) => sample.string("name", "w").u32("dimensions", 2 ** 32 - 1).zeros(40)),
    /4294967295 dimensions/,
  ],
  "shape whose product is 2^64": [
    withTensor((s) => s.tensor("w", [2n ** 32n, 2n ** 32n], 0, 0)),
    /fits a file/,
  ],
  "shape whose product wraps to 8": [
    withTensor((s) => s.tensor("w", [8, 2n ** 63n, 2], 0, 0)),
    /fits a file/,
  ],
  "shape with 2^63 and 0": [withTensor((sample) => sample.tensor("w", [2n ** 63n, 0], 0, 0)), /fits a file/],
  "shape larger than the file": [withTensor((sample) => sample.tensor("w", [1000], 0, 0)), /bytes, expected/],
  "q8_0 rows of 8": [withTensor((sample) => sample.tensor("w", [8, 4], 8, 0)), /whole blocks of 32/],
  "iq4_nl rows of 48": [withTensor((sample) => sample.tensor("w", [48, 4], 20, 0)), /whole blocks of 32/],
  "a number as q4_0": [withTensor((sample) => sample.tensor("w", [], 2, 0)), /whole blocks of 32/],
  "type Q4_K": [withTensor((sample) => sample.tensor("w", [8], 12, 0)), /"w" has ggml type 12/],
  "type 2^32 - 1": [withTensor((sample) => sample.tensor("w", [8], 2 ** 32 - 1, 0)), /type 4294967295/],
  "offset off its place": [withTensor((sample) => sample.tensor("w", [8], 0, 32)), /starts at byte 32/],
  "offset 2^64 - 32": [
    withTensor((sample) => sample.tensor("w", [8], 0, 2n ** 64n - 32n)),
    /starts at byte 18446/,
  ],
  "overlapping tensors": [
    new GgufSample().prologue(2, 0).tensor("v", [8], 0, 0).tensor("w", [8], 0, 0).pad().zeros(64).bytes(),
    /"w" starts at byte 0 of the data, expected 32/,
  ],
  "bytes behind the data": [
    splice(withTensor((s) => s.tensor("w", [8], 0, 0)), 96, 0, new Uint8Array(1)),
    /bytes, expected/,
  ],
};
