/** @file A piece of GPU memory with an identity, so that bind groups can be found again by what they bind. */
import type { Tensor } from "../../tensor.ts";

/** A byte range of a GPU buffer; tensors have one of their own, weights one for each of their arrays. */
export interface Region {
  /** Unique on its device. */
  readonly id: number;
  readonly buffer: GPUBuffer;
  /** Bytes from the buffer's start. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** The memory behind a tensor. */
export function regionOf(tensor: Tensor): Region {
  return tensor.buffer as Region;
}

/** A tensor's place in its memory as kernel parameters: `<name>Offset` and `<name>Stride`, in elements. */
export function place(
  name: string,
  { offset, stride }: Pick<Tensor, "offset" | "stride">,
): Record<string, number> {
  return { [`${name}Offset`]: offset, [`${name}Stride`]: stride };
}

/** {@linkcode place} of several tensors. */
export function places(tensors: Readonly<Record<string, Tensor>>): Record<string, number> {
  return Object.assign({}, ...Object.entries(tensors).map(([name, tensor]) => place(name, tensor)));
}
