/**
 * @file Where a model's network lives. A GPU can be taken away, or refuse a command, at any moment; then the network is loaded onto WebAssembly, once for all
 * sessions, and each of them follows when it is used next.
 */
import type { BackendReport } from "./backend_report.ts";
import { DeviceLostError, RefusedCommandError } from "./errors.ts";
import { type MetaStateSource, openMetaState } from "./meta_state.ts";
import type { Network } from "./network.ts";
import type { OpenedNetwork } from "./open_backend.ts";
import type { Refuge } from "./refuge.ts";
import type { SequenceState } from "./state.ts";
import type { KvDtype } from "./state_layout.ts";
import { freeWorkspace } from "./workspace.ts";

interface LiveNetwork extends OpenedNetwork {
  readonly metaState: SequenceState;
}

/** The network that computes now. */
export class NetworkHome {
  readonly #kvDtype: KvDtype;
  readonly #refuge: Refuge | null;
  #live: LiveNetwork;
  #moving: Promise<void> | null = null;

  private constructor(live: LiveNetwork, kvDtype: KvDtype, refuge: Refuge | null) {
    this.#live = live;
    this.#kvDtype = kvDtype;
    this.#refuge = refuge;
  }

  /**
   * Takes over a network and begins with its meta tokens.
   *
   * @param source of the state behind them
   * @param refuge where to go when the backend is lost; null: the error is the caller's
   */
  static async create(
    opened: OpenedNetwork,
    source: MetaStateSource,
    refuge: Refuge | null,
  ): Promise<NetworkHome> {
    const metaState = await openMetaState(opened.net, source);
    return new NetworkHome({ ...opened, metaState }, source.kvDtype, refuge);
  }

  /** The network. Another one after a loss, so it is asked for at every use. */
  get net(): Network {
    return this.#live.net;
  }

  /** The state after the meta tokens, in the network's backend. */
  get metaState(): SequenceState {
    return this.#live.metaState;
  }

  /** Which backend runs, and why that one. */
  get report(): BackendReport {
    return this.#live.report;
  }

  /** Tokens between two host copies of a sequence's state; null: none are kept, because the backend cannot be lost. */
  get keepEvery(): number | null {
    return this.#live.net.backend.kind === "webgpu" ? this.#refuge?.keepEvery ?? null : null;
  }

  /**
   * Sees to it that what failed can be tried again: true once there is another network than the one it failed on.
   *
   * @throws {DeviceLostError} where the network cannot be loaded again; the next call tries once more
   */
  async recover(failed: Network, error: unknown): Promise<boolean> {
    if (!(error instanceof DeviceLostError || error instanceof RefusedCommandError)) return false;
    if (failed !== this.net) return true;
    if (this.#refuge === null) return false;
    this.#moving ??= this.#move(this.#refuge, error).finally(() => this.#moving = null);
    await this.#moving;
    return true;
  }

  /** Runs work that needs nothing but the network, and again on the next one where a lost backend took the first away. */
  async run<T>(work: (net: Network, metaState: SequenceState) => Promise<T>): Promise<T> {
    for (;;) {
      const { net, metaState } = this.#live;
      try {
        return await work(net, metaState);
      } catch (error) {
        if (!await this.recover(net, error)) throw error;
      }
    }
  }

  /** Frees the network and all that lives in its backend. */
  async dispose(): Promise<void> {
    await this.#moving?.catch(() => {}); // told to those who wait for it
    const { net: { backend, workspace }, metaState } = this.#live;
    metaState.dispose();
    freeWorkspace(backend, workspace);
    backend.dispose();
    await this.#refuge?.close();
  }

  async #move(refuge: Refuge, cause: Error): Promise<void> {
    const { net: lost, report: previous } = this.#live;
    lost.backend.dispose(); // before its successor takes memory
    try {
      const { net, report } = await refuge.open(`moved from ${previous.kind} (${cause.message})`);
      const metaState = await openMetaState(net, { kvDtype: this.#kvDtype, stored: refuge.metaState });
      this.#live = { net, report: { ...report, previous }, metaState };
    } catch (error) {
      throw new DeviceLostError(
        `Cannot go on without the GPU: loading the model anew failed (${
          error instanceof Error ? error.message : error
        }), expected it to load`,
        "Free some memory, or give the model's files back, and call again",
        { cause: error },
      );
    }
  }
}
