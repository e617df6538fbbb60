/**
 * The same as gguf_test.ts proves with a committed file, here against ggml's Python package itself, where it is installed:
 * `python3 -m pip install gguf==0.19.0 numpy==2.4.6`. PYTHON names another interpreter; REQUIRE_GGUF_PY=1 makes a missing
 * package an error instead of a skip.
 */
import { assert, assertEquals } from "@std/assert";
import { GGML_FORMATS } from "../../bench/quality/ggml_formats.ts";
import { computeMetaState } from "../../runtime/compute_meta_state.ts";
import { openGguf } from "../../runtime/formats/gguf.ts";
import { dequantize, quantize } from "../../runtime/formats/quantize.ts";
import { openSafetensors } from "../../runtime/formats/safetensors.ts";
import { packCheckpoint } from "../../runtime/pack_checkpoint.ts";
import { openFileSource } from "../../runtime/sources/file_source.ts";
import { seeded } from "../text/seeded.ts";
import { WEIGHT_DTYPES } from "../../runtime/tensor.ts";

const VERSION = "0.19.0";
const script = new URL("gguf_python.py", import.meta.url).pathname;

async function python(...args: string[]): Promise<string> {
  const command = new Deno.Command(Deno.env.get("PYTHON") ?? "python3", { args, stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Why the package cannot be used here; empty when it can. */
async function missing(): Promise<string> {
  try {
    const print = "import importlib.metadata as m, gguf.quants; print(m.version('gguf'))";
    const version = (await python("-c", print)).trim();
    return version === VERSION ? "" : `gguf is ${version}, expected ${VERSION}`;
  } catch (error) {
    return String(error).trim().split("\n").at(-1)!;
  }
}

const reason = await missing();
if (reason !== "" && Deno.env.get("REQUIRE_GGUF_PY") === "1") {
  throw new Error(`gguf-py cannot run: ${reason}`);
}

function test(name: string, body: (folder: string) => Promise<void>): void {
  const title = reason === "" ? name : `${name} (not run: ${reason})`;
  Deno.test({
    name: title,
    ignore: reason !== "",
    fn: async () => {
      const folder = await Deno.makeTempDir();
      try {
        await body(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

async function sha256(bytes: ArrayBufferView<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

interface PythonTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: number[];
  readonly sha256: string;
}

test("packCheckpoint writes files that gguf-py reads and dequantises to the same numbers, bit for bit", async (folder) => {
  const fixture = new URL("../fixtures/tiny-quant/", import.meta.url);
  const tensors = await openSafetensors(await openFileSource(new URL("model.safetensors", fixture)));
  const texts = {
    configJson: await Deno.readTextFile(new URL("config.json", fixture)),
    tokenizerJson: '{"ä": "水"}',
    tokenizerConfigJson: null,
    generationConfigJson: null,
  };
  for (const dtype of WEIGHT_DTYPES) {
    const path = `${folder}/${dtype}.gguf`;
    const sink = (await Deno.create(path)).writable;
    const metaState = await computeMetaState({ ...texts, tensors }, { dtype });
    await packCheckpoint({ ...texts, tensors }, { dtype, name: "Tiny ✓", metaState, sink });
    const theirs = JSON.parse(await python(script, "read", path));
    assertEquals(theirs.metadata["hymba.config_json"], texts.configJson);
    assertEquals(theirs.metadata["tokenizer.huggingface.json"], texts.tokenizerJson);
    assertEquals(theirs.metadata["general.name"], "Tiny ✓");
    assertEquals(theirs.metadata["hymba.memory_state.fingerprint"], metaState!.fingerprint);
    assertEquals(theirs.metadata["hymba.ssm.state_size"], 16);
    const ours = await openGguf(await openFileSource(path));
    assertEquals(theirs.tensors.map(({ name }: PythonTensor) => name), [...ours.tensors.keys()]);
    for (const { name, type, shape, sha256: hash } of theirs.tensors as PythonTensor[]) {
      const info = ours.tensors.get(name)!;
      assertEquals([type, shape], [info.dtype, [...info.shape]], name);
      assertEquals(hash, await sha256(dequantize(info.dtype, await ours.read(name))), name);
    }
    await ours.close();
  }
  await tensors.close();
});

test("quantize agrees with gguf-py on random bit patterns, blocks of one magnitude and ties", async (folder) => {
  let state = 99;
  const next = (): number => state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  const numbers = new Float32Array(3 * 2 ** 18);
  const words = new Uint32Array(numbers.buffer);
  for (let i = 0; i < numbers.length; i++) {
    const kind = Math.floor(i / 2 ** 18);
    if (kind === 0) { // any sign and mantissa, exponents from 2^-40 to 2^15
      words[i] = ((next() & 0x80000000) | ((87 + (next() >>> 16) % 55) << 23) | (next() >>> 9)) >>> 0;
    } else if (kind === 1) { // one exponent a block
      words[i] = ((next() & 0x80000000) | ((97 + (i >>> 5) % 44) << 23) | (next() >>> 9)) >>> 0;
    } else numbers[i] = ((next() >>> 16) % 257 - 128) / 2; // halves
  }
  const path = `${folder}/numbers.f32`;
  await Deno.writeFile(path, new Uint8Array(numbers.buffer));
  const theirs = JSON.parse(await python(script, "quantize", path));
  // gguf-py reads iq4_nl, but has no search for its scales.
  for (const dtype of WEIGHT_DTYPES.filter((dtype) => dtype !== "iq4_nl")) {
    assertEquals(await sha256(quantize(dtype, numbers)), theirs[dtype], dtype);
  }
});

test("GGML_FORMATS round as gguf-py does, where it can", async (folder) => {
  const random = seeded(8);
  const numbers = Float32Array.from(
    { length: 32 * 500 },
    (_, i) => random.normal() * 2 ** (i % 500 / 50 - 5),
  );
  await Deno.writeFile(`${folder}/numbers.f32`, new Uint8Array(numbers.buffer));
  await python(script, "round", `${folder}/numbers.f32`, `${folder}/rounded.f32`);
  const theirs = new Float32Array((await Deno.readFile(`${folder}/rounded.f32`)).buffer);
  for (const [n, name] of ["Q5_1", "Q5_0", "Q4_1"].entries()) {
    const ours = numbers.slice();
    const { round } = GGML_FORMATS.find((format) => format.name === name)!;
    for (let i = 0; i < ours.length; i += 32) round(ours.subarray(i, i + 32));
    const far = ours.findIndex((x, i) =>
      Math.abs(x - theirs[n * ours.length + i]) > 1e-6 * Math.abs(x) + 1e-7
    );
    assert(far < 0, `${name} ${far}: ${ours[far]}, expected ${theirs[n * ours.length + far]}`);
  }
});

test("gguf_python.py makes the committed fixture again, byte for byte", async (folder) => {
  const path = `${folder}/gguf_py.gguf`;
  await python(script, "fixture", path);
  const committed = await Deno.readFile(new URL("../fixtures/gguf/gguf_py.gguf", import.meta.url));
  const made = await Deno.readFile(path);
  assert(await sha256(made) === await sha256(committed), "the fixture differs from what gguf-py makes now");
});
