/** @file Options of the calls that can be aborted. */
import type { TokenConstraint } from "./token_constraint.ts";

/** Options of {@linkcode Session.append}. */
export interface SignalOptions {
  /** Ends the call when aborted. */
  signal?: AbortSignal;
}

/** Options of {@linkcode Session.resume}. */
export interface ResumeOptions extends SignalOptions {
  /** Limits the tokens to come, as the generation's own constraint did, which snapshots do not keep. */
  constraint?: TokenConstraint;
}
