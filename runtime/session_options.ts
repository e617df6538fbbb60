/** @file What a caller may ask of a session. */
import type { RewindOptions } from "./checkpoint_ring.ts";
import type { Prefix } from "./prefix.ts";

/** Options of {@linkcode Model.createSession}. */
export interface SessionOptions {
  /** Most tokens that the session will hold: all memory is allocated at once, and more is an error. Left out: it grows. */
  maxContext?: number;
  /** Caps what global layers see to this many tokens and the meta tokens, for constant memory at a loss of quality. */
  globalWindow?: number;
  /** Keeps checkpoints, so that {@linkcode Session.rewind} can take tokens back. Left out: none. */
  rewind?: RewindOptions;
  /** Begins with a compiled prefix, in its layout of memory. */
  prefix?: Prefix;
}

/** Options of {@linkcode Model.compilePrefix}. */
export interface PrefixOptions extends Pick<SessionOptions, "maxContext" | "globalWindow"> {
  /** Throws its reason when aborted. */
  signal?: AbortSignal;
}

/** Options of {@linkcode Model.logits}. */
export interface LogitsOptions {
  /** Ids that follow `ids` one by one, as generated tokens. */
  steps?: ArrayLike<number>;
  /** Throws its reason when aborted. */
  signal?: AbortSignal;
}
