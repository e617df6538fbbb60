/** @file What callers of an encoder give and get. */
import { ShapeError } from "../errors.ts";
import type { ProgressOptions } from "../load_tensors.ts";
import type { SignalOptions } from "../signal_options.ts";
import { elementCount } from "../tensor.ts";
import type { EncoderBackendChoice } from "./open_encoder_backend.ts";

/** Options of {@linkcode HymbaEncoder.loadWeights}. */
export interface EncoderLoadOptions extends ProgressOptions, SignalOptions {
  /** What computes: WebGPU for large encoders where it can, else WASM; or by name. @default {"auto"} */
  readonly backend?: EncoderBackendChoice;
}

/** Options of {@linkcode HymbaEncoder.initializeWeights}. */
export interface EncoderInitializeOptions extends Pick<EncoderLoadOptions, "backend"> {
  /** An integer from 0 to 2^53 - 1. @default {0} */
  readonly seed?: number;
}

/** Sizes of a batch of sequences. */
export type BatchShape = readonly [batch: number, length: number, embedDim: number];

/** What {@linkcode HymbaEncoder.encodeWithGates} gives. */
export interface GatedEncoding {
  /** `[batch, hiddenSize]`. */
  readonly output: Float32Array;
  /** `[batch, numLayers]`: means of the gates over time and channels; 1 is Mamba alone, 0 attention alone. */
  readonly gateMeans: Float32Array;
}

/**
 * The numbers of a batch.
 *
 * @throws {ShapeError} where it is not what its shape says or not as wide as the encoder's input, or where a number is not finite
 */
export function readBatch(x: ArrayLike<number>, shape: BatchShape, embedDim: number): Float32Array {
  const fits = shape.length === 3 && shape.every((size) => Number.isInteger(size) && size >= 1) &&
    shape[2] === embedDim;
  if (!fits) {
    throw new ShapeError(
      `Cannot encode: the shape is [${shape.join(", ")}], expected [batch, length, ${embedDim}]`,
      "Give three sizes of at least 1, the last of them the encoder's embedDim",
    );
  }
  if (x.length === elementCount(shape)) return finiteNumbers(x);
  throw new ShapeError(
    `Cannot encode: ${x.length} numbers are given, expected ${elementCount(shape)} for shape [${
      shape.join(", ")
    }]`,
    "Check that the data and its shape belong together",
  );
}

/**
 * Numbers as float32.
 *
 * @throws {ShapeError} where one is not finite
 */
export function finiteNumbers(x: ArrayLike<number>): Float32Array {
  const values = Float32Array.from(x);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return values;
  throw new ShapeError(
    `Cannot encode: number ${bad} is ${x[bad]}, expected finite numbers that fit float32`,
    "Check what the input was made of",
  );
}
