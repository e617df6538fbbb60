/** @file The reference backend with a sampler of its own, so that tokens can run ahead without a GPU. */
import { ReferenceBackend } from "../../runtime/backends/reference.ts";
import { openCheckpoint } from "../../runtime/checkpoint.ts";
import { parseConfig } from "../../runtime/config.ts";
import { Model } from "../../runtime/model.ts";
import type { ResidentSampler, ResidentSampling } from "../../runtime/resident.ts";
import { Sampler, type SamplerState } from "../../runtime/sampler.ts";
import type { ResolvedSampling } from "../../runtime/sampling_options.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import { loadWeights } from "../../runtime/weights.ts";
import { NetworkHome } from "../../runtime/network_home.ts";
import { createWorkspace } from "../../runtime/workspace.ts";

/** A {@linkcode Sampler} that hands out its choices late. */
class LateSampler implements ResidentSampler {
  readonly id: Tensor;
  readonly #options: ResolvedSampling;
  readonly #isRefused: (step: number) => boolean;
  #sampler: Sampler | null = null;
  #outcomes: (number | null)[] = [];

  constructor(id: Tensor, options: ResolvedSampling, isRefused: (step: number) => boolean) {
    this.id = id;
    this.#options = options;
    this.#isRefused = isRefused;
  }

  begin(state: SamplerState, lastId: number): void {
    this.#sampler = new Sampler(this.#options, 1 << 16, state);
    (this.id.buffer as Uint32Array)[0] = lastId;
  }

  sample({ buffer, offset, shape }: Tensor): void {
    const logits = Float32Array.from((buffer as Float64Array).subarray(offset, offset + shape[1]));
    const refused = this.#isRefused(this.#sampler!.step);
    const { id } = this.#sampler!.sample(logits);
    (this.id.buffer as Uint32Array)[0] = refused ? 0 : id;
    this.#outcomes.push(refused ? null : id);
  }

  async read(count: number): Promise<readonly (number | null)[]> {
    const outcomes = this.#outcomes.slice(-count);
    for (let microtasks = 0; microtasks < 5; microtasks++) await Promise.resolve();
    return outcomes;
  }

  release(): void {
    this.#sampler = null;
  }
}

/** How {@linkcode openAheadReference} differs from what everybody gets. */
export interface AheadOptions {
  /** Tokens that run ahead; undefined: none, the backend cannot choose. */
  readonly runAhead?: number;
  readonly chunkSize?: number;
  /** Steps whose logits the backend claims to allow no choice. */
  readonly isRefused?: (step: number) => boolean;
}

class AheadReference extends ReferenceBackend {
  readonly resident?: ResidentSampling;

  constructor({ runAhead, isRefused = () => false }: AheadOptions) {
    super();
    if (runAhead === undefined) return;
    this.resident = {
      slots: 32,
      fixedLength: runAhead,
      acquire: (options) => new LateSampler(this.allocate([1], "u32"), options, isRefused),
    };
  }
}

/** A checkpoint on such a backend. */
export async function openAheadReference(source: URL, options: AheadOptions): Promise<Model> {
  const { chunkSize = 32 } = options;
  const checkpoint = await openCheckpoint(source);
  const config = parseConfig(checkpoint.configJson);
  const backend = new AheadReference(options);
  const weights = await loadWeights(checkpoint.tensors, config, backend);
  await checkpoint.tensors.close();
  const net = {
    ...{ backend, config, weights, chunkSize, fingerprint: Promise.resolve("0".repeat(64)) },
    rope: backend.createRope(config.inverseFrequencies),
    workspace: createWorkspace(backend, config, chunkSize),
  };
  const text = { tokenizer: null, eosTokenIds: config.eosTokenIds };
  const report = { kind: "reference", reason: "a test" } as const;
  const home = await NetworkHome.create({ net, report }, { kvDtype: "f32", stored: null }, null);
  return new Model({ home, text, chatTemplate: null });
}
