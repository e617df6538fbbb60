/** @file A way back to an earlier position of a sequence's state, over as many tokens as one chunk has. */
import type { Backend } from "./backend.ts";
import type { SequenceState } from "./state.ts";
import { elementCount, type Tensor } from "./tensor.ts";

/**
 * A copy of what a token's pass overwrites for good: convolution and SSM states and the last hidden row. Keys and values need none. Behind
 * the position they hold nothing that is read, and a ring has as many slots more than its window as a chunk has tokens: writing no
 * more than those overwrites no position that a query from the mark on can see, nor one that a snapshot there keeps.
 */
export class StateMark {
  readonly #backend: Backend;
  readonly #state: SequenceState;
  readonly #copy: Tensor;
  #position = 0;

  /** Allocates the memory of a copy. */
  constructor(backend: Backend, state: SequenceState) {
    this.#backend = backend;
    this.#state = state;
    const elements = state.recurrent.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    this.#copy = backend.allocate([elements], "f32");
  }

  /** The buffer of the copy and its bytes. */
  get buffers(): ReadonlyMap<unknown, number> {
    return new Map([[this.#copy.buffer, 4 * elementCount(this.#copy.shape)]]);
  }

  /** Keeps the state as it is now. */
  keep(): void {
    this.#position = this.#state.position;
    this.#forEach((tensor, copy) => this.#backend.copy(tensor, copy));
  }

  /** Puts the state back to where it was kept, at most a chunk's length ago. */
  goBack(): void {
    this.#forEach((tensor, copy) => this.#backend.copy(copy, tensor));
    this.#state.retreat(this.#position);
  }

  /** Frees the copy. */
  dispose(): void {
    this.#backend.free(this.#copy);
  }

  #forEach(visit: (tensor: Tensor, copy: Tensor) => void): void {
    let offset = 0;
    for (const tensor of this.#state.recurrent) {
      const { shape } = tensor;
      visit(tensor, { ...this.#copy, shape, offset, stride: shape[shape.length - 1] });
      offset += elementCount(shape);
    }
  }
}
