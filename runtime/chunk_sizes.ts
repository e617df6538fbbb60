/** @file Rows of a pass unless told otherwise, by what computes: sessions' rings, and so the sizes of states, are reckoned with them. */

/** By device. */
export const CHUNK_SIZES = {
  cpu: 64,
  /** Keeps a large GPU busy, while the logits of 32,001 tokens still fit the 128 MiB that any GPU binds; a state's rings grow with it. */
  gpu: 1024,
} as const;

/** What computes. */
export type ComputeDevice = keyof typeof CHUNK_SIZES;
