/**
 * @file Every error this runtime throws on purpose. Seven classes (two with a special case), one shape: the message says what was attempted,
 * what is and what was expected; `remedy` says what to do next. An aborted operation throws `signal.reason` instead.
 */

/** Base class of every error that the runtime throws on purpose. */
export abstract class HymbaError extends Error {
  /** The next thing to do, as a sentence. */
  readonly remedy: string;

  /**
   * An error that says what to do.
   *
   * @param message `Cannot <act> <thing>: <what is>, expected <what should be>`
   * @param remedy the next thing to do
   * @param options `cause`: the error that this one wraps
   */
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
    this.name = new.target.name;
  }
}

/** config.json, an option or a command-line flag is missing, unknown or out of range. */
export class ConfigError extends HymbaError {}

/** A stored session is not of the version that was expected: somebody else saved or deleted it. What is stored is intact. */
export class VersionConflictError extends ConfigError {}

/** A checkpoint, packed file or snapshot is truncated, malformed, or does not match its config. */
export class WeightsError extends HymbaError {}

/** A file of a checkpoint is not there: the one {@linkcode WeightsError} that optional files are allowed. */
export class MissingFileError extends WeightsError {}

/** An operation was called with tensors whose shapes, dtypes or ranges do not fit each other. */
export class ShapeError extends HymbaError {}

/** tokenizer.json or the chat template cannot be used, or text cannot be tokenized. */
export class TokenizerError extends HymbaError {}

/** A backend cannot run here; the message says why. The only error that makes the runtime try another backend. */
export class BackendUnavailableError extends HymbaError {}

/** A kernel failed to compile or to run. */
export class KernelError extends HymbaError {}

/** The GPU refused a command, so that what it has computed since may be wrong. Nothing of the caller's: sessions go on with WebAssembly. */
export class RefusedCommandError extends KernelError {}

/** The GPU was lost, or ran out of memory, while it held a session's state. */
export class DeviceLostError extends HymbaError {}
