/** @file Packed files with the state behind their meta tokens, without it, and with one that is damaged. */
import { openCheckpoint } from "../../runtime/checkpoint.ts";
import type { Checkpoint } from "../../runtime/checkpoint_files.ts";
import { computeMetaState } from "../../runtime/compute_meta_state.ts";
import type { GgufValue } from "../../runtime/formats/gguf_format.ts";
import { openGguf } from "../../runtime/formats/gguf.ts";
import { writeGguf } from "../../runtime/formats/gguf_writer.ts";
import { packCheckpoint } from "../../runtime/pack_checkpoint.ts";
import { openBytesSource } from "../../runtime/sources/bytes_source.ts";
import { byteLength, elementCount, type WeightDtype } from "../../runtime/tensor.ts";
import { MemorySink } from "../formats/memory_sink.ts";

/** A checkpoint in Q8_0, with the state behind its meta tokens or without. */
export async function pack(checkpoint: Checkpoint, withState: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const metaState = withState ? await computeMetaState(checkpoint, { dtype: "q8_0" }) : null;
  const sink = new MemorySink();
  await packCheckpoint(checkpoint, { dtype: "q8_0", name: "Tiny", metaState, sink });
  return await sink.bytes();
}

/** {@linkcode pack} of a fixture. */
export async function packFixture(name: string, withState = true): Promise<Uint8Array<ArrayBuffer>> {
  const checkpoint = await openCheckpoint(new URL(`../fixtures/${name}`, import.meta.url));
  try {
    return await pack(checkpoint, withState);
  } finally {
    await checkpoint.tensors.close();
  }
}

/** A tensor of a file that is being changed. */
export interface EditedTensor {
  readonly name: string;
  dtype: WeightDtype;
  shape: readonly number[];
  bytes: Uint8Array<ArrayBuffer>;
}

/** A packed file after `edit` has changed its tensors, listed by name, or its metadata. */
export async function edited(
  file: Uint8Array<ArrayBuffer>,
  edit: (tensors: Map<string, EditedTensor>, metadata: Map<string, GgufValue>) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const gguf = await openGguf(openBytesSource("packed.gguf", file));
  const tensors = new Map<string, EditedTensor>();
  for (const { name, dtype, shape } of gguf.tensors.values()) {
    tensors.set(name, { name, dtype, shape, bytes: (await gguf.read(name)).slice() });
  }
  const metadata = new Map(gguf.metadata);
  edit(tensors, metadata);
  const sink = new MemorySink();
  const fitting = ({ bytes, dtype, shape }: EditedTensor): Uint8Array<ArrayBuffer> =>
    bytes.slice(0, byteLength(dtype, elementCount(shape)));
  await writeGguf({
    metadata,
    tensors: [...tensors.values()],
    read: ({ name }) => [fitting(tensors.get(name)!)],
    sink,
  });
  return await sink.bytes();
}
