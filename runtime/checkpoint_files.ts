/** @file What every checkpoint consists of, wherever it lies. */
import type { TensorFile } from "./formats/tensor_file.ts";

/** The files of a model, its tensors not yet read. */
export interface Checkpoint {
  readonly configJson: string;
  /** Null: the model takes and gives token ids only. */
  readonly tokenizerJson: string | null;
  readonly tokenizerConfigJson: string | null;
  readonly generationConfigJson: string | null;
  readonly tensors: TensorFile;
}
