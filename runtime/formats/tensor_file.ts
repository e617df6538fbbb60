/** @file Named tensors in files: what every format gives. Bytes are read tensor by tensor, never the whole file. */

import { WeightsError } from "../errors.ts";
import { BLOCK_BYTES, type WeightDtype } from "../tensor.ts";
import type { ByteSource } from "./byte_source.ts";
import { validateTensor } from "./validate_tensor.ts";

/** What a file says about one tensor. */
export interface TensorInfo {
  /** The checkpoint's own name, for instance "model.layers.0.mamba.A_log.0". */
  readonly name: string;
  readonly dtype: WeightDtype;
  /** Outermost dimension first, as PyTorch counts; `[]` for a single number. */
  readonly shape: readonly number[];
  /** Length of the tensor's data in bytes. */
  readonly byteLength: number;
}

/** The tensors of a checkpoint: one file, or several shards seen as one. */
export interface TensorFile {
  /** Every tensor by name, in the order of the files: reading in this order reads the files from front to back. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * Reads the data of one tensor: little-endian numbers or ggml blocks, row after row. The result may share memory with
   * the source, so it must not be written to.
   *
   * @throws {WeightsError} when there is no such tensor, its bytes do not arrive, or it holds a NaN or infinity
   */
  read(name: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Reads `length` bytes from byte `start` of one tensor's data, both a whole number of blocks; else like `read`. The result
   * may be in `into`, `length` bytes, if given.
   */
  readSlice(
    name: string,
    start: number,
    length: number,
    signal?: AbortSignal,
    into?: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** Releases the files. Nothing may be read afterwards. */
  close(): Promise<void>;
}

/** A tensor and the place of its first byte in its file. */
export interface PlacedTensor extends TensorInfo {
  /** Bytes from the start of the file. */
  readonly offset: number;
}

/**
 * The tensors at known places of `source`.
 *
 * @param placed in the order of their offsets, with distinct names, every one inside the file
 */
export function openPlacedTensors(source: ByteSource, placed: readonly PlacedTensor[]): TensorFile {
  const tensors = new Map(placed.map((tensor) => [tensor.name, tensor]));
  const readSlice: TensorFile["readSlice"] = async (name, start, length, signal, into) => {
    const tensor = findTensor(tensors, name, source.name);
    checkSlice(tensor, start, length, source.name);
    const bytes = await source.read(tensor.offset + start, length, signal, into);
    validateTensor(tensor, bytes, source.name, start);
    return bytes;
  };
  return {
    tensors,
    // Async for the sake of unknown names: they reject.
    read: async (name, signal) =>
      await readSlice(name, 0, findTensor(tensors, name, source.name).byteLength, signal),
    readSlice,
    close: () => source.close(),
  };
}

/** Some of a file's tensors. */
export function selectTensors<T extends TensorFile>(file: T, isWanted: (name: string) => boolean): T {
  return { ...file, tensors: new Map([...file.tensors].filter(([name]) => isWanted(name))) };
}

/**
 * Several files seen as one: their tensors one file after the other.
 *
 * @param name what to call it in error messages
 * @param files no two of which have a tensor of one name
 */
export function joinTensorFiles(name: string, files: readonly TensorFile[]): TensorFile {
  const tensors = new Map(files.flatMap((file) => [...file.tensors]));
  const owners = new Map(
    files.flatMap((file) => [...file.tensors.keys()].map((tensor) => [tensor, file] as const)),
  );
  const owner = (tensor: string): TensorFile => owners.get(findTensor(tensors, tensor, name).name)!;
  return {
    tensors,
    read: async (tensor, signal) => await owner(tensor).read(tensor, signal),
    readSlice: async (tensor, ...slice) => await owner(tensor).readSlice(tensor, ...slice),
    close: async () => {
      for (const file of files) await file.close();
    },
  };
}

/** The tensor called `name`. Throws `WeightsError` when the file has none. */
export function findTensor<T extends TensorInfo>(
  tensors: ReadonlyMap<string, T>,
  name: string,
  file: string,
): T {
  const tensor = tensors.get(name);
  if (tensor) return tensor;
  throw new WeightsError(
    `Cannot read tensor "${name}" of "${file}": it is missing, expected one of the file's ${tensors.size} tensors`,
    "Check that the weights and config.json belong together",
  );
}

function checkSlice(tensor: TensorInfo, start: number, length: number, file: string): void {
  const block = BLOCK_BYTES[tensor.dtype];
  const whole = start % block === 0 && length % block === 0;
  if (whole && start >= 0 && length >= 0 && start + length <= tensor.byteLength) return;
  throw new WeightsError(
    `Cannot read tensor "${tensor.name}" of "${file}": bytes ${start} to ${start + length} are wanted, ` +
      `expected whole blocks of ${block} within ${tensor.byteLength}`,
    "Ask for a slice inside the tensor",
  );
}
