/** @file How a matrix comes in parts, for models whose largest matrices should not be in JavaScript's memory as well. */

/** A matrix on its way; `Done` is the weight that it becomes. */
export interface MatrixUpload<Done> {
  /** The next rows, as `upload` takes them; the caller may reuse the memory afterwards. */
  write(rows: Uint8Array): void;
  /** The weight, after the last row. Throws what `upload` throws, and frees what was written then. */
  finish(): Done;
  /** Frees what was written; instead of `finish`. */
  abandon(): void;
}
