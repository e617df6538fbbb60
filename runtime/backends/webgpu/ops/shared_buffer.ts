/** @file Which tensors a dispatch may not bind apart. */
import type { Tensor } from "../../../tensor.ts";
import { regionOf } from "../region.ts";

/** Whether two tensors share a buffer, which a dispatch that writes one of them may bind once only. */
export function sharesBuffer(a: Tensor, b: Tensor): boolean {
  return regionOf(a).buffer === regionOf(b).buffer;
}
