/**
 * @file A decoder of attention layers only, over the runtime's own ops: what a Llama of random weights takes in this runtime, to compare a
 * Hymba with. Pre-norm, grouped-query attention with RoPE over every position, SwiGLU, tied embeddings (arXiv:2407.21783).
 */
import type { Backend, KvCache, Rope, Weight } from "../../runtime/backend.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { columns, elementCount, type Tensor, type WeightDtype } from "../../runtime/tensor.ts";
import { RandomNumbers } from "../random_weights.ts";

/** Sizes, named as in config.ts. */
export interface LlamaConfig {
  readonly numLayers: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
}

/** The released sizes of Llama 3.2. */
export const LLAMA_3_2: Readonly<Record<"1B" | "3B", LlamaConfig>> = {
  "1B": {
    ...{ numLayers: 16, hiddenSize: 2048, intermediateSize: 8192, numHeads: 32, numKvHeads: 8 },
    ...{ headDim: 64, vocabSize: 128256 },
  },
  "3B": {
    ...{ numLayers: 28, hiddenSize: 3072, intermediateSize: 8192, numHeads: 24, numKvHeads: 8 },
    ...{ headDim: 128, vocabSize: 128256 },
  },
};

interface Layer {
  readonly inputNorm: Weight;
  readonly queryKeyValue: Weight;
  readonly outProj: Weight;
  readonly mlpNorm: Weight;
  readonly gateProj: Weight;
  readonly upProj: Weight;
  readonly downProj: Weight;
  readonly cache: KvCache;
}

const EPS = 1e-5;
const ROPE_BASE = 500_000;

/** Bytes of keys and values of one token, in f16. */
export function cacheBytesPerToken({ numLayers, numKvHeads, headDim }: LlamaConfig): number {
  return 2 * numLayers * 2 * numKvHeads * headDim;
}

/** Decodes one token after the other; what the tokens are does not matter for time. */
export class LlamaDecoder {
  readonly #backend: Backend;
  readonly #config: LlamaConfig;
  readonly #layers: readonly Layer[] = [];
  readonly #embedding: Weight;
  readonly #finalNorm: Weight;
  readonly #rope: Rope;
  readonly #cursor: ReturnType<Backend["createCursor"]>;
  readonly #at: Readonly<
    Record<"ids" | "x" | "projected" | "queries" | "attention" | "mlp" | "logits", Tensor>
  >;

  /** Uploads weights by chance, and makes room for keys and values of `positions` tokens, of which all but some are taken as there. */
  constructor(
    backend: Backend,
    config: LlamaConfig,
    dtype: WeightDtype,
    positions: number,
    position: number,
  ) {
    const { numLayers, hiddenSize, intermediateSize, numHeads, numKvHeads, headDim, vocabSize } = config;
    this.#backend = backend;
    this.#config = config;
    const uploader = new Uploader(backend, dtype);
    this.#layers = Array.from({ length: numLayers }, () => createLayer(backend, uploader, config, positions));
    this.#embedding = uploader.matrix(vocabSize, hiddenSize);
    this.#finalNorm = uploader.norm(hiddenSize);
    this.#rope = backend.createRope(
      Float64Array.from({ length: headDim / 2 }, (_, i) => ROPE_BASE ** (-2 * i / headDim)),
    );
    this.#cursor = backend.createCursor();
    backend.setCursor(this.#cursor, position);
    const row = (width: number): Tensor => backend.allocate([1, width], "f32");
    this.#at = {
      ids: backend.allocate([1], "u32"),
      x: row(hiddenSize),
      projected: row((numHeads + 2 * numKvHeads) * headDim),
      queries: row(numHeads * headDim),
      attention: row(numHeads * headDim),
      mlp: row(intermediateSize),
      logits: row(vocabSize),
    };
  }

  /** Bytes of weights that a token reads. */
  get weightBytes(): number {
    const layers = this.#layers.flatMap(({ cache: _, ...weights }) => Object.values(weights) as Weight[]);
    return [...layers, this.#embedding, this.#finalNorm].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Passes one token through the network; the returned logits are valid until the next one. */
  step(): Tensor {
    const { ids, x, logits } = this.#at;
    this.#backend.writeIds(ids, [1]);
    this.#backend.embed({ ids, table: this.#embedding, out: x });
    for (const layer of this.#layers) this.#layer(layer, x);
    this.#backend.linear({
      x,
      norm: { weight: this.#finalNorm, eps: EPS },
      weight: this.#embedding,
      out: logits,
    });
    this.#backend.advanceCursor(this.#cursor, 1);
    return logits;
  }

  #layer(
    { inputNorm, queryKeyValue, outProj, mlpNorm, gateProj, upProj, downProj, cache }: Layer,
    x: Tensor,
  ): void {
    const { numHeads, numKvHeads, headDim } = this.#config;
    const { projected, queries, attention, mlp } = this.#at;
    const backend = this.#backend, cursor = this.#cursor;
    const [queryWidth, keyWidth] = [numHeads * headDim, numKvHeads * headDim];
    backend.linear({ x, norm: { weight: inputNorm, eps: EPS }, weight: queryKeyValue, out: projected });
    const keys = columns(projected, queryWidth, keyWidth);
    const values = columns(projected, queryWidth + keyWidth, keyWidth);
    const append = { keys, values, cache };
    backend.ropeAppend({
      queries: columns(projected, 0, queryWidth),
      out: queries,
      rope: this.#rope,
      cursor,
      append,
    });
    backend.attention({ queries, cache, cursor, numHeads, numKvHeads, lookback: null, out: attention });
    backend.linear({ x: attention, weight: outProj, out: x, accumulate: true });
    backend.gatedLinear({ x, norm: { weight: mlpNorm, eps: EPS }, gate: gateProj, up: upProj, out: mlp });
    backend.linear({ x: mlp, weight: downProj, out: x, accumulate: true });
  }
}

function createLayer(backend: Backend, uploader: Uploader, config: LlamaConfig, positions: number): Layer {
  const { hiddenSize, intermediateSize, numHeads, numKvHeads, headDim } = config;
  const cached = (): Tensor => backend.allocate([positions, numKvHeads * headDim], "f16");
  return {
    inputNorm: uploader.norm(hiddenSize),
    queryKeyValue: uploader.matrix((numHeads + 2 * numKvHeads) * headDim, hiddenSize),
    outProj: uploader.matrix(hiddenSize, numHeads * headDim),
    mlpNorm: uploader.norm(hiddenSize),
    gateProj: uploader.matrix(intermediateSize, hiddenSize),
    upProj: uploader.matrix(intermediateSize, hiddenSize),
    downProj: uploader.matrix(hiddenSize, intermediateSize),
    cache: { keys: cached(), values: cached(), numMetaTokens: 0, ringSize: null },
  };
}

/** Uploads numbers of standard deviation 1 / sqrt(columns); weights of one shape are alike, each in memory of its own. */
class Uploader {
  readonly #backend: Backend;
  readonly #dtype: WeightDtype;
  readonly #made = new Map<string, Uint8Array<ArrayBuffer>>();

  constructor(backend: Backend, dtype: WeightDtype) {
    this.#backend = backend;
    this.#dtype = dtype;
  }

  matrix(rows: number, width: number): Weight {
    const bytes = this.#bytes(this.#dtype, [rows, width]);
    return this.#backend.upload("matrix", this.#dtype, [rows, width], bytes);
  }

  norm(width: number): Weight {
    return this.#backend.upload("plain", "f32", [width], this.#bytes("f32", [width]));
  }

  #bytes(dtype: WeightDtype, shape: readonly number[]): Uint8Array<ArrayBuffer> {
    const key = `${dtype} ${shape}`;
    const random = new RandomNumbers(1, key);
    const scale = 1 / Math.sqrt(shape[shape.length - 1]);
    const values = (): Float32Array =>
      Float32Array.from({ length: elementCount(shape) }, (_, i) => scale * random.normal(i));
    const bytes = this.#made.get(key) ?? quantize(dtype, values());
    this.#made.set(key, bytes);
    return bytes;
  }
}
