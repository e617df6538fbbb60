/** @file What a caller may ask of a session. */
import type { RewindOptions } from "./checkpoint_ring.ts";
import type { Prefix } from "./prefix.ts";
import type { MemoryOptions } from "./state_layout.ts";

/** Options of {@linkcode Model.createSession}. */
export interface SessionOptions extends MemoryOptions {
  /** Keeps checkpoints, so that {@linkcode Session.rewind} can take tokens back. Left out: none. */
  rewind?: RewindOptions;
  /** Begins with a compiled prefix, in its layout of memory. */
  prefix?: Prefix;
}

/** Options of {@linkcode Model.compilePrefix}. */
export interface PrefixOptions extends MemoryOptions {
  /** Throws its reason when aborted. */
  signal?: AbortSignal;
}

/** Options of {@linkcode Model.logits}. */
export interface LogitsOptions extends Pick<MemoryOptions, "globalWindow"> {
  /** Ids that follow `ids` one by one, as generated tokens. */
  steps?: ArrayLike<number>;
  /** Throws its reason when aborted. */
  signal?: AbortSignal;
}
