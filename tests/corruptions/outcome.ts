import { assert } from "@std/assert";
import { HymbaError } from "../../runtime/errors.ts";
import { dequantize } from "../../runtime/formats/quantize.ts";
import type { TensorFile } from "../../runtime/formats/tensor_file.ts";
import { elementCount } from "../../runtime/tensor.ts";
import { GuardedSource } from "./guarded_source.ts";
import type { Corruption } from "./mutate_json.ts";

/** How often a file's bytes may be read: header fields at the end of a window twice, data once. */
const MOST_TIMES_READ = 4;

/**
 * Opens a damaged file and reads every tensor. Passes when that ends in a HymbaError that says what to do, or in finite
 * numbers that all came out of the file; fails on anything else, and on reads beyond the file or again and again.
 *
 * @returns the error's message, or "harmless"
 */
export async function outcomeOf(
  { what, bytes }: Corruption,
  open: (source: GuardedSource) => Promise<TensorFile>,
): Promise<string> {
  const source = new GuardedSource(bytes);
  const outcome = await readAll(source, open).catch((error: unknown) => {
    assert(error instanceof HymbaError, `${what}: ${error instanceof Error ? error.stack : error}`);
    assert(error.message.startsWith("Cannot "), `${what}: ${error.message.slice(0, 1000)}`);
    assert(error.message.length < 1000, `${what}: a message of ${error.message.length} characters`);
    assert(error.remedy.length > 0, `${what}: no remedy`);
    return error.message;
  });
  assert(source.readsBeyond === 0, `${what}: ${source.readsBeyond} reads beyond the file's end`);
  assert(
    source.readBytes <= MOST_TIMES_READ * bytes.length,
    `${what}: ${source.readBytes} of ${bytes.length} bytes read`,
  );
  return outcome;
}

async function readAll(
  source: GuardedSource,
  open: (source: GuardedSource) => Promise<TensorFile>,
): Promise<string> {
  const file = await open(source);
  let total = 0;
  for (const [name, info] of file.tensors) {
    total += info.byteLength;
    assert(total <= source.size, "the tensors are longer than the file");
    const numbers = dequantize(info.dtype, await file.read(name));
    assert(numbers.length === elementCount(info.shape), `${name} does not have the size of its shape`);
    assert(numbers.every(Number.isFinite), `${name} holds a NaN or infinity`);
  }
  return "harmless";
}
