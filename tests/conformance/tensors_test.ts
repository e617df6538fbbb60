/** @file Tensors and weights: what goes into a backend's memory comes out of it. */
import { assertEquals } from "@std/assert";
import type { Backend } from "../../runtime/backend.ts";
import { ReferenceBackend } from "../../runtime/backends/reference.ts";
import { dequantize, quantize } from "../../runtime/formats/quantize.ts";
import { columns, rows, type Tensor, WEIGHT_DTYPES } from "../../runtime/tensor.ts";
import { backendTest, type Candidate, CANDIDATES } from "./backends.ts";
import { Bench } from "./bench.ts";

const REFERENCE: Candidate = {
  activations: "q16",
  name: "reference",
  kind: "reference",
  open: () => Promise.resolve(new ReferenceBackend()),
};
const ALL = [...CANDIDATES, REFERENCE];

/** A tensor of whole numbers counted from `first`, exact in f16. */
async function counted(
  backend: Backend,
  shape: [number, number],
  dtype: "f32" | "f16",
  first = 1,
): Promise<Tensor> {
  const values = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => first + i);
  const tensor = backend.allocate(shape, dtype);
  const bench = new Bench(backend, 1, "packed");
  const source = bench.matrix("source", shape, values, dtype);
  backend.copy(source, tensor);
  await bench.finish();
  return tensor;
}

backendTest("allocate gives zeros, also where another tensor was before", async (backend) => {
  for (let i = 0; i < 4; i++) {
    const used = await counted(backend, [13, 11], "f32");
    backend.free(used);
    const fresh = backend.allocate([13, 11], "f32");
    assertEquals(await backend.read(fresh), new Float32Array(13 * 11));
    backend.free(fresh);
  }
}, ALL);

backendTest("read packs the rows of a view", async (backend) => {
  for (const dtype of ["f32", "f16"] as const) {
    const tensor = await counted(backend, [4, 6], dtype);
    const view = columns(rows(tensor, 1, 2), 2, 3);
    assertEquals([...await backend.read(view)], [9, 10, 11, 15, 16, 17]);
    assertEquals((await backend.read(rows(tensor, 2, 0))).length, 0);
  }
}, ALL);

backendTest("copy goes between views of any strides and leaves the rest alone", async (backend) => {
  for (const dtype of ["f32", "f16"] as const) {
    const [from, to] = [await counted(backend, [4, 6], dtype), await counted(backend, [3, 8], dtype, 101)];
    backend.copy(columns(rows(from, 1, 2), 2, 3), columns(rows(to, 0, 2), 4, 3));
    const expected = Array.from({ length: 24 }, (_, i) => 101 + i);
    expected.splice(4, 3, 9, 10, 11);
    expected.splice(12, 3, 15, 16, 17);
    assertEquals([...await backend.read(to)], expected);
    backend.copy(rows(from, 0, 1), columns(rows(to, 2, 1), 0, 6));
    assertEquals([...await backend.read(rows(to, 2, 1))], [1, 2, 3, 4, 5, 6, 123, 124]);
  }
}, ALL);

backendTest("restore puts back what save took, into any tensor of that shape", async (backend) => {
  for (const dtype of ["f32", "f16"] as const) {
    const tensor = await counted(backend, [5, 6], dtype);
    const [from, to] = [columns(rows(tensor, 0, 2), 0, 4), columns(rows(tensor, 3, 2), 2, 4)];
    const saved = await backend.save(from);
    const kept = saved.slice();
    backend.restore(to, saved);
    saved.fill(0);
    assertEquals([...await backend.read(to)], [1, 2, 3, 4, 7, 8, 9, 10]);
    assertEquals(await backend.save(to), kept);
    assertEquals([...await backend.read(rows(tensor, 3, 1))], [19, 20, 1, 2, 3, 4]);
  }
}, ALL);

backendTest("save is not changed by what is written later", async (backend) => {
  const tensor = await counted(backend, [2, 3], "f32");
  const saved = backend.save(tensor);
  const other = await counted(backend, [2, 3], "f32", 50);
  const before = (await saved).slice();
  backend.copy(other, tensor);
  assertEquals(await saved, before);
}, ALL);

backendTest("upload does not keep the caller's bytes", async (backend) => {
  for (const use of ["matrix", "plain"] as const) {
    const values = Float32Array.from({ length: 6 * 64 }, (_, i) => (i % 17) - 8);
    const bytes = quantize("f32", values);
    const bench = new Bench(backend, 3, "packed");
    const weight = backend.upload(use, "f32", use === "matrix" ? [6, 64] : [384], bytes);
    bytes.fill(77);
    const out = bench.output("out", use === "matrix" ? [6, 64] : [1, 384]);
    if (use === "matrix") {
      const ids = backend.allocate([6], "u32");
      backend.writeIds(ids, [0, 1, 2, 3, 4, 5]);
      backend.embed({ ids, table: weight, out });
    } else {
      const ones = bench.matrix("ones", [1, 384], new Float32Array(384).fill(1));
      backend.rmsNorm({ x: ones, weight, eps: 0, out });
    }
    assertEquals(await backend.read(out), values);
    backend.release(weight);
    await bench.finish();
  }
}, ALL);

backendTest("upload takes plain weights of every storage type", async (backend) => {
  for (const dtype of WEIGHT_DTYPES) {
    const bench = new Bench(backend, 4, "packed");
    const bytes = quantize(dtype, bench.normals(64));
    const weight = backend.upload("plain", dtype, [64], bytes);
    const ones = bench.matrix("ones", [1, 64], new Float32Array(64).fill(1));
    const out = bench.output("out", [1, 64]);
    backend.rmsNorm({ x: ones, weight, eps: 0, out });
    assertEquals(await backend.read(out), dequantize(dtype, bytes));
    backend.release(weight);
    await bench.finish();
  }
}, ALL);

backendTest("writeIds fills a view, which embed reads", async (backend) => {
  const bench = new Bench(backend, 5, "packed");
  const ids = backend.allocate([6], "u32");
  backend.writeIds(ids, [9, 9, 9, 9, 9, 9]);
  backend.writeIds({ ...ids, shape: [3], offset: 2 }, [2, 0, 1]);
  const values = Float32Array.from({ length: 10 * 3 }, (_, i) => i);
  const table = backend.upload("matrix", "f32", [10, 3], quantize("f32", values));
  const out = bench.output("out", [4, 3]);
  backend.embed({ ids: { ...ids, shape: [4], offset: 2 }, table, out });
  assertEquals([...await backend.read(out)], [6, 7, 8, 0, 1, 2, 3, 4, 5, 27, 28, 29]);
  backend.release(table);
  await bench.finish();
}, ALL);
