import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { GGUF_CASES } from "../corruptions/gguf_cases.ts";
import { gguf } from "../corruptions/gguf_sample.ts";
import { mutateBytes, overwrite, truncations } from "../corruptions/mutate_bytes.ts";
import { type Corruption, mutateJson, splice } from "../corruptions/mutate_json.ts";
import { outcomeOf } from "../corruptions/outcome.ts";
import { openGguf } from "../../runtime/formats/gguf.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { openSafetensors } from "../../runtime/formats/safetensors.ts";
import { type SafetensorsEntry, writeSafetensors } from "../../runtime/formats/safetensors_writer.ts";
import { openShardedSafetensors } from "../../runtime/formats/sharded_safetensors.ts";
import { openBytesSource } from "../../runtime/sources/bytes_source.ts";

const numbers = Float32Array.from({ length: 24 }, (_, i) => i - 12);

const entries: [string, SafetensorsEntry][] = [
  ["single", { dtype: "f32", shape: [4, 2], data: quantize("f32", numbers.subarray(0, 8)) }],
  ["half", { dtype: "f16", shape: [3], data: quantize("f16", numbers.subarray(0, 3)) }],
  ["brain", { dtype: "bf16", shape: [4, 1, 6], data: quantize("bf16", numbers) }],
];
const safetensors = writeSafetensors(new Map(entries), { format: "pt" });
const headerLength = new DataView(safetensors.buffer).getUint32(0, true);
const headerText = new TextDecoder().decode(safetensors.subarray(8, 8 + headerLength));

/** `safetensors` with another header text of the right length. */
function withHeader({ what, bytes: header }: Corruption): Corruption {
  const length = new Uint8Array(BigUint64Array.of(BigInt(header.length)).buffer);
  const bytes = splice(safetensors, 0, 8 + headerLength, new Uint8Array([...length, ...header]));
  return { what, bytes };
}

const openSharded = (source: { read(offset: number, length: number): Promise<Uint8Array>; size: number }) =>
  source.read(0, source.size).then((index) =>
    openShardedSafetensors("index.json", index, (fileName) => {
      const tensors = entries.filter(([name]) => (name === "single") === (fileName === "1.safetensors"));
      return Promise.resolve(openBytesSource(fileName, writeSafetensors(new Map(tensors))));
    })
  );

Deno.test("openSafetensors refuses a file that is cut off after any byte", async () => {
  for (const corruption of truncations(safetensors)) {
    assertMatch(await outcomeOf(corruption, openSafetensors), /^Cannot/, corruption.what);
  }
});

Deno.test("openSafetensors survives 1000 damaged headers and 1000 damaged files", async () => {
  let refused = 0;
  for (let seed = 0; seed < 1000; seed++) {
    const header = withHeader(mutateJson(headerText, seed));
    if (await outcomeOf(header, openSafetensors) !== "harmless") refused++;
    await outcomeOf(mutateBytes(safetensors, seed), openSafetensors);
  }
  assertGreater(refused, 800); // the rest changed __metadata__ or a name
});

Deno.test("openShardedSafetensors survives 500 damaged indexes, and reads the same tensors or none", async () => {
  const weight_map = { single: "1.safetensors", half: "2.safetensors", brain: "2.safetensors" };
  const index = JSON.stringify({ metadata: { total_size: 86 }, weight_map });
  let refused = 0;
  for (let seed = 0; seed < 500; seed++) {
    // The shards come from outside the index, so its own size is no bound here.
    const { what, bytes } = mutateJson(index, seed);
    const padded = new Uint8Array(Math.max(bytes.length, 1000)).fill(0x20);
    padded.set(bytes);
    if (await outcomeOf({ what, bytes: padded }, openSharded) !== "harmless") refused++;
  }
  assertGreater(refused, 350);
});

Deno.test("openGguf reads the sample that the corruptions start from", async () => {
  assertEquals(await outcomeOf({ what: "nothing", bytes: gguf().bytes() }, openGguf), "harmless");
});

Deno.test("openGguf refuses a file that is cut off after any byte of header or data", async () => {
  for (const corruption of truncations(gguf().bytes())) {
    const outcome = await outcomeOf(corruption, openGguf);
    const lastPadding = gguf().bytes().length - corruption.bytes.length <= 28;
    assertMatch(outcome, lastPadding ? /^(Cannot|harmless)/ : /^Cannot/, corruption.what);
  }
});

Deno.test("openGguf survives each of its numbers being any strange number", async () => {
  const sample = gguf();
  const size = BigInt(sample.bytes().length);
  const strange = [
    0n,
    1n,
    2n,
    3n,
    9n,
    31n,
    33n,
    size - 1n,
    size,
    size + 1n,
    2n ** 16n,
    2n ** 31n,
    2n ** 32n - 1n,
  ];
  const huge = [
    2n ** 32n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 61n,
    2n ** 62n,
    2n ** 63n,
    2n ** 64n - 32n,
    2n ** 64n - 1n,
  ];
  let count = 0;
  for (const { what, at, width } of sample.fields) {
    for (const value of width === 8 ? [...strange, ...huge] : strange) {
      const corruption = overwrite(sample.bytes(), at, width, value);
      const outcome = await outcomeOf({ ...corruption, what: `${what} = ${value}` }, openGguf);
      const isLength = /count|length|dimension|offset/.test(what);
      if (isLength && value > 64n) assertMatch(outcome, /^Cannot/, `${what} = ${value}`);
      count++;
    }
  }
  assertGreater(count, 700);
});

Deno.test("openGguf survives 2000 damaged files", async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 2000; seed++) {
    outcomes.add(await outcomeOf(mutateBytes(gguf().bytes(), seed), openGguf));
  }
  assertGreater(outcomes.size, 50); // the damage reaches the checks, not one of them only
});

Deno.test("openGguf names what is wrong with each kept case", async () => {
  for (const [what, [bytes, message]] of Object.entries(GGUF_CASES)) {
    assertMatch(await outcomeOf({ what, bytes }, openGguf), message, what);
  }
  assert(Object.keys(GGUF_CASES).length > 30);
});
