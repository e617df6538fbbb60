/**
 * @file A bench: tensors and weights for one run of an op on one backend. The same seed gives every backend the same numbers.
 * Every matrix lies inside a larger one whose other elements, the guards, must survive; outputs begin as NaN.
 */
import type { Backend, Cursor, KvCache, Rope, Weight } from "../../runtime/backend.ts";
import { encodeF16 } from "../../runtime/formats/half_floats.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { columns, elementCount, rows, type Tensor, type WeightDtype } from "../../runtime/tensor.ts";
import { type Seeded, seeded } from "../text/seeded.ts";

/** What surrounds a matrix; exact in f16. */
const GUARD = 1536;

/** How a matrix lies in its surroundings: guard rows only, or guard columns too, so that rows are strided and misaligned. */
export type Layout = "packed" | "strided";

/** Everything of one matrix after a run. */
export interface Outcome {
  readonly name: string;
  readonly shape: readonly number[];
  /** Elements, rows packed. */
  readonly values: Float32Array;
  /** Guards that changed, as text; empty when all is well. */
  readonly trespasses: readonly string[];
}

interface Placed {
  readonly name: string;
  readonly whole: Tensor;
  readonly inner: Tensor;
  readonly margins: readonly [rows: number, columns: number];
}

/** See the file's comment. */
export class Bench {
  readonly backend: Backend;
  readonly random: Seeded;
  readonly #layout: Layout;
  readonly #placed: Placed[] = [];
  readonly #weights: Weight[] = [];

  constructor(backend: Backend, seed: number, layout: Layout) {
    this.backend = backend;
    this.random = seeded(seed);
    this.#layout = layout;
  }

  /** Standard normal numbers, as f32 stores them. */
  normals(count: number, scale = 1): Float32Array {
    return Float32Array.from({ length: count }, () => this.random.normal() * scale);
  }

  /** A matrix of given numbers; what it holds after the run is part of the outcome. */
  matrix(
    name: string,
    shape: readonly [number, number],
    values: Float32Array,
    dtype: "f32" | "f16" = "f32",
  ): Tensor {
    const [l, n] = shape;
    // Backends may keep rows of f16 on whole 32-bit words, so no view of f16 begins at an odd column.
    const side = { f32: 3, f16: 4 }[dtype];
    const margins = this.#layout === "packed" ? [1, 0] as const : [1, side] as const;
    const wide = n + 2 * margins[1];
    const whole = this.backend.allocate([l + 2 * margins[0], wide], dtype);
    const all = new Float32Array(elementCount(whole.shape)).fill(GUARD);
    for (let r = 0; r < l; r++) {
      all.set(values.subarray(r * n, (r + 1) * n), (r + margins[0]) * wide + margins[1]);
    }
    this.backend.restore(whole, this.#bytes(dtype, all));
    const inner = columns(rows(whole, margins[0], l), margins[1], n);
    this.#placed.push({ name, whole, inner, margins });
    return inner;
  }

  /** A matrix of normal numbers. */
  input(name: string, shape: readonly [number, number], scale = 1): Tensor {
    return this.matrix(name, shape, this.normals(shape[0] * shape[1], scale));
  }

  /**
   * Activations for products with quantised weights: blocks of 32 whose largest is 127 steps, the others within 0.4 steps of a whole
   * number, so that no rounding to 8 bits is a matter of the last bit.
   */
  levels(name: string, shape: readonly [number, number]): Tensor {
    let step = 0;
    const values = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => {
      if (i % 32 === 0) step = Math.exp(this.random.normal());
      const level = this.random.integer(253) - 126 + (this.random.number() - 0.5) * 0.8;
      return Math.fround(step) * (i % 32 === 5 ? this.random.of([-127, 127]) : level);
    });
    return this.matrix(name, shape, values);
  }

  /** A matrix of NaN to write to. */
  output(name: string, shape: readonly [number, number]): Tensor {
    return this.matrix(name, shape, new Float32Array(shape[0] * shape[1]).fill(NaN));
  }

  /** Token ids below `vocabSize`. */
  ids(l: number, vocabSize: number): Tensor {
    const ids = this.backend.allocate([l], "u32");
    this.backend.writeIds(ids, Array.from({ length: l }, () => this.random.integer(vocabSize)));
    return ids;
  }

  /** A matrix of weights in a dtype. */
  weight(dtype: WeightDtype, shape: readonly [number, number], scale = 1): Weight {
    const values = this.normals(elementCount(shape), scale);
    return this.#keep(this.backend.upload("matrix", dtype, shape, quantize(dtype, values)));
  }

  /** A weight that is read elementwise, of normal numbers or of those that `values` are. */
  plain(shape: readonly number[], values: Float32Array = this.normals(elementCount(shape))): Weight {
    return this.#keep(this.backend.upload("plain", "f32", shape, quantize("f32", values)));
  }

  /** A matrix that an op multiplies with among other things, in a dtype. */
  projection(dtype: WeightDtype, shape: readonly [number, number], scale = 1): Weight {
    const values = this.normals(elementCount(shape), scale);
    return this.#keep(this.backend.upload("projection", dtype, shape, quantize(dtype, values)));
  }

  #keep(weight: Weight): Weight {
    this.#weights.push(weight);
    return weight;
  }

  /** Angles of heads of a size. */
  rope(headDim: number): Rope {
    const half = headDim / 2;
    return this.backend.createRope(Float64Array.from({ length: half }, (_, i) => 10000 ** (-i / half)));
  }

  /** A cursor at a position. */
  cursor(position: number): Cursor {
    const cursor = this.backend.createCursor();
    this.backend.setCursor(cursor, position);
    return cursor;
  }

  /** An empty cache: NaN in every slot. */
  cache(
    slots: number,
    [keyWidth, valueWidth]: readonly [number, number],
    { dtype, ...rest }: Pick<KvCache, "numMetaTokens" | "ringSize"> & { dtype: "f32" | "f16" },
  ): KvCache {
    const empty = (width: number): Float32Array => new Float32Array(slots * width).fill(NaN);
    const keys = this.matrix("cache.keys", [slots, keyWidth], empty(keyWidth), dtype);
    const values = this.matrix("cache.values", [slots, valueWidth], empty(valueWidth), dtype);
    return { keys, values, ...rest };
  }

  /** What all matrices hold; frees everything. */
  async finish(): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const placed of this.#placed) {
      const values = await this.backend.read(placed.inner);
      const trespasses = findTrespasses(placed, await this.backend.read(placed.whole));
      outcomes.push({ name: placed.name, shape: placed.inner.shape, values, trespasses });
      this.backend.free(placed.whole);
    }
    this.#weights.forEach((weight) => this.backend.release(weight));
    return outcomes;
  }

  #bytes(dtype: "f32" | "f16", values: Float32Array): Uint8Array {
    if (this.backend.floatFormat === "f64") {
      return new Uint8Array(Float64Array.from(values).buffer);
    }
    if (dtype === "f32") return new Uint8Array(values.slice().buffer);
    const halves = new Uint16Array(values.length);
    encodeF16(values, halves);
    return new Uint8Array(halves.buffer);
  }
}

function findTrespasses({ whole, inner, margins }: Placed, values: Float32Array): string[] {
  const [l, wide] = [inner.shape[0], whole.shape[1]];
  const found: string[] = [];
  values.forEach((value, i) => {
    const [row, column] = [Math.floor(i / wide) - margins[0], i % wide - margins[1]];
    const inside = row >= 0 && row < l && column >= 0 && column < inner.shape[1];
    if (!inside && value !== GUARD) found.push(`guard [${row}, ${column}]: got ${value}, wanted ${GUARD}`);
  });
  return found;
}
