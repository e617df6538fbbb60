/** @file Where a model goes when its GPU is lost: WebAssembly, loaded from the same checkpoint, which stays open for that. */
import { ConfigError, WeightsError } from "./errors.ts";
import type { NetworkSource } from "./load_network.ts";
import type { MetaStateFile } from "./meta_state_tensors.ts";
import { type OpenedNetwork, openOnWasm, type OpenOptions } from "./open_backend.ts";

/** What happens when a GPU is lost, runs out of memory or refuses a command, under its sessions. */
export interface DeviceLossOptions {
  /** Go on with WebAssembly; false: throw the error, {@linkcode DeviceLostError} or {@linkcode RefusedCommandError}. @default {true} */
  readonly continue?: boolean;
  /**
   * Tokens after which a session's state is copied from the GPU to the host's memory, which then holds one such copy a session. After a
   * loss the tokens since are computed again; without copies (Infinity), all of them. @default {1024}
   */
  readonly keepEvery?: number;
}

/** The way out of a lost backend. */
export interface Refuge {
  /** See {@linkcode DeviceLossOptions.keepEvery}. */
  readonly keepEvery: number;
  /** The state behind the meta tokens, where the checkpoint carries it. */
  readonly metaState: MetaStateFile | null;
  /** Loads the network anew where it cannot be lost. */
  open(why: string): Promise<OpenedNetwork>;
  /** Closes what it would load from. */
  close(): Promise<void>;
}

/** {@linkcode DeviceLossOptions}, checked and completed. */
export type ResolvedDeviceLoss = Required<DeviceLossOptions>;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {ConfigError} for a distance that is no positive number of tokens
 */
export function resolveDeviceLoss(options: DeviceLossOptions = {}): ResolvedDeviceLoss {
  const { continue: isContinued = true, keepEvery = 1024 } = options;
  if (keepEvery === Infinity || (Number.isInteger(keepEvery) && keepEvery >= 1)) {
    return { continue: isContinued, keepEvery };
  }
  throw new ConfigError(
    `Cannot use option "deviceLoss.keepEvery": it is ${
      String(keepEvery)
    }, expected a positive integer or Infinity`,
    "Leave it out for its default",
  );
}

/** The refuge of a loaded network; null where it needs none, or is to have none. */
export function refugeOf(
  { net, report }: OpenedNetwork,
  source: NetworkSource,
  options: OpenOptions,
  { continue: isContinued, keepEvery }: ResolvedDeviceLoss,
): Refuge | null {
  if (report.kind !== "webgpu" || !isContinued) return null;
  const { quantization } = source.weights;
  return {
    keepEvery,
    metaState: source.checkpoint.metaState,
    async open(why): Promise<OpenedNetwork> {
      const opened = await openOnWasm(why, { ...source, weights: { quantization } }, options);
      if (await opened.net.fingerprint === await net.fingerprint) return opened;
      opened.net.backend.dispose();
      throw new WeightsError(
        "Cannot load the model again: its files have changed, expected those of the first time",
        "Load the model anew",
      );
    },
    close: () => source.checkpoint.tensors.close(),
  };
}
