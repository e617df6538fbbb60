/** @file What every checkpoint consists of, wherever it lies. */
import type { TensorFile } from "./formats/tensor_file.ts";
import type { MetaStateFile } from "./meta_state_tensors.ts";

/** The text files of a checkpoint, verbatim; null where it has none. */
export interface CheckpointTexts {
  readonly configJson: string;
  /** Null: the model takes and gives token ids only. */
  readonly tokenizerJson: string | null;
  readonly tokenizerConfigJson: string | null;
  readonly generationConfigJson: string | null;
}

/** A checkpoint's texts and weights, the weights not yet read. */
export interface CheckpointWeights extends CheckpointTexts {
  /** Closing them closes the whole checkpoint. */
  readonly tensors: TensorFile;
}

/** A checkpoint, its tensors not yet read. */
export interface Checkpoint extends CheckpointWeights {
  /** The state behind the meta tokens, which packed files may carry; null: it has to be computed. */
  readonly metaState: MetaStateFile | null;
}
