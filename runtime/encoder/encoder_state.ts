/** @file What an encoder remembers of a sequence. */
import type { Cursor, KvCache } from "../backend.ts";
import type { Tensor } from "../tensor.ts";
import { CONV_LENGTH, encoderWidths } from "./encoder_config.ts";
import type { EncoderNet } from "./encoder_net.ts";
import { placeLearnedMeta } from "./learned_meta.ts";

/** Keys, values and recurrent states after the steps so far. Memory for `maxLength` steps is allocated at once. */
export class EncoderState {
  /** By layer, `[3, dInner]`: the convolution's last inputs. */
  readonly convStates: readonly Tensor[];
  /** By layer, `[stateSize, dInner]`. */
  readonly ssmStates: readonly Tensor[];
  /** By layer: the meta tokens' slots, then one a step. */
  readonly caches: readonly KvCache[];
  /** By layer, `[numMetaTokens, hiddenSize]`: the meta states that the layer sees, all 0 in the first; empty without metaPropagation. */
  readonly metaStates: readonly Tensor[];
  /** At the next step's slot. */
  readonly cursor: Cursor;
  /** Steps that there is room for. */
  readonly maxLength: number;
  readonly #net: EncoderNet;
  #length = 0;

  constructor(net: EncoderNet, maxLength: number) {
    this.#net = net;
    this.maxLength = maxLength;
    const { backend, config, weights } = net;
    const { hiddenSize, stateSize, numMetaTokens, metaPropagation } = config;
    const { dInner } = encoderWidths(config);
    const f32 = (rows: number, columns: number): Tensor => backend.allocate([rows, columns], "f32");
    const slots = numMetaTokens + maxLength;
    const { layers } = weights;
    this.convStates = layers.map(() => f32(CONV_LENGTH - 1, dInner));
    this.ssmStates = layers.map(() => f32(stateSize, dInner));
    this.metaStates = metaPropagation ? layers.map(() => f32(numMetaTokens, hiddenSize)) : [];
    this.caches = layers.map(() => {
      const [keys, values] = [f32(slots, hiddenSize), f32(slots, hiddenSize)];
      return { keys, values, numMetaTokens, ringSize: null };
    });
    layers.forEach((_, index) => placeLearnedMeta(net, index, this.caches[index]));
    this.cursor = backend.createCursor();
    backend.setCursor(this.cursor, numMetaTokens);
  }

  /** Steps so far. */
  get length(): number {
    return this.#length;
  }

  /** Records that `steps` steps have passed through every layer. */
  advance(steps: number): void {
    this.#length += steps;
    this.#net.backend.advanceCursor(this.cursor, steps);
  }

  /** Frees everything. */
  dispose(): void {
    const { backend } = this.#net;
    const cached = this.caches.flatMap(({ keys, values }) => [keys, values]);
    [...this.convStates, ...this.ssmStates, ...this.metaStates, ...cached].forEach((each) =>
      backend.free(each)
    );
    backend.freeCursor(this.cursor);
  }
}
