/** @file What every checkpoint consists of, wherever it lies. */
import type { TensorFile } from "./formats/tensor_file.ts";

/** The text files of a checkpoint, verbatim; null where it has none. */
export interface CheckpointTexts {
  readonly configJson: string;
  /** Null: the model takes and gives token ids only. */
  readonly tokenizerJson: string | null;
  readonly tokenizerConfigJson: string | null;
  readonly generationConfigJson: string | null;
}

/** A checkpoint, its tensors not yet read. */
export interface Checkpoint extends CheckpointTexts {
  readonly tensors: TensorFile;
}
