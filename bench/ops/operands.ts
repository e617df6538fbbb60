/** @file What an op reads and writes while it is timed: weights and state in many copies that calls take in turn, activations in one. */
import type { Cursor, Rope, Weight } from "../../runtime/backend.ts";
import type { WasmBackend } from "../../runtime/backends/wasm.ts";
import type { HymbaConfig } from "../../runtime/config.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { byteLength, elementCount, type Tensor, type WeightDtype } from "../../runtime/tensor.ts";
import { type TensorSpec, tensorSpecs } from "../../runtime/weights.ts";
import { RandomNumbers, randomValues } from "../random_weights.ts";

const SEED = 1;

/** Published bytes of random weights, each made once. */
export class WeightBytes {
  readonly config: HymbaConfig;
  readonly #specs: ReadonlyMap<string, TensorSpec>;
  readonly #made = new Map<string, Uint8Array>();

  constructor(config: HymbaConfig) {
    this.config = config;
    this.#specs = tensorSpecs(config);
  }

  /** What is published of a tensor. */
  spec(name: string): TensorSpec {
    const spec = this.#specs.get(name);
    if (spec === undefined) throw new Error(`Cannot time ${name}: the model has no such tensor`);
    return spec;
  }

  /** The tensor in a storage type. */
  of(name: string, dtype: WeightDtype): Uint8Array {
    const key = `${name} ${dtype}`;
    const before = this.#made.get(key);
    if (before) return before;
    const { shape, transform = (value: number) => value } = this.spec(name);
    const values = randomValues({ name, shape }, this.config, SEED, 0, elementCount(shape)).map(transform);
    const bytes = quantize(dtype, values);
    this.#made.set(key, bytes);
    return bytes;
  }
}

/** Operands of one op on one backend; they live until the backend is disposed. */
export class Operands {
  readonly backend: WasmBackend;
  readonly config: HymbaConfig;
  readonly rope: Rope;
  /** Bytes that the calls read of weights and state, those of all copies. */
  heldBytes = 0;
  /** Bytes that the calls read of activations, of which there is one copy. */
  activationBytes = 0;
  readonly #weights: WeightBytes;
  readonly #shared = new Map<string, Tensor>();

  constructor(backend: WasmBackend, weights: WeightBytes) {
    this.backend = backend;
    this.config = weights.config;
    this.rope = backend.createRope(this.config.inverseFrequencies);
    this.#weights = weights;
  }

  /** Another copy of a weight, by its published name; plain ones are f32. */
  weight(name: string, dtype: WeightDtype = "f32"): Weight {
    const { shape, opShape = shape, use } = this.#weights.spec(name);
    const bytes = this.#weights.of(name, dtype);
    this.heldBytes += bytes.byteLength;
    return this.backend.upload(use, dtype, opShape, bytes);
  }

  /** Another copy of a state. */
  state(shape: readonly number[], dtype: "f32" | "f16" = "f32"): Tensor {
    const tensor = this.room(shape, dtype);
    this.heldBytes += byteLength(dtype, elementCount(shape));
    this.backend.restore(tensor, quantize(dtype, normal("state", elementCount(shape))));
    return tensor;
  }

  /** Memory for each copy that calls only write. */
  room(shape: readonly number[], dtype: "f32" | "f16" = "f32"): Tensor {
    return this.backend.allocate(shape, dtype);
  }

  /** An activation that all copies read. */
  activation(name: string, shape: readonly number[]): Tensor {
    return this.#once(name, () => {
      const tensor = this.room(shape);
      this.activationBytes += byteLength("f32", elementCount(shape));
      this.backend.restore(tensor, quantize("f32", normal(name, elementCount(shape))));
      return tensor;
    });
  }

  /** Where the calls of all copies write. */
  output(shape: readonly number[]): Tensor {
    return this.#once("output", () => this.room(shape));
  }

  /** Ids of tokens, other ones each time. */
  ids(count: number, copy: number): Tensor {
    const random = new RandomNumbers(copy, "ids");
    const { vocabSize } = this.config;
    const tensor = this.backend.allocate([count], "u32");
    const ids = Array.from({ length: count }, (_, i) => Math.floor((random.uniform(i) + 1) / 2 * vocabSize));
    this.backend.writeIds(tensor, ids);
    return tensor;
  }

  /** A cursor at a position. */
  cursor(position: number): Cursor {
    const cursor = this.backend.createCursor();
    this.backend.setCursor(cursor, position);
    return cursor;
  }

  #once(name: string, make: () => Tensor): Tensor {
    const tensor = this.#shared.get(name) ?? make();
    this.#shared.set(name, tensor);
    return tensor;
  }
}

function normal(name: string, count: number): Float32Array {
  const random = new RandomNumbers(SEED, name);
  return Float32Array.from({ length: count }, (_, i) => random.normal(i));
}
