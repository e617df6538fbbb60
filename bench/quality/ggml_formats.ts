/** @file Block formats of ggml as what they make of numbers: those that this runtime stores, and others to compare them with. */
import { dequantize, quantize } from "../../runtime/formats/quantize.ts";
import { BLOCK_BYTES, BLOCK_SIZE, type QuantizedDtype } from "../../runtime/tensor.ts";
import { roundQ4K, roundQ5K, roundQ6K } from "./k_rounding.ts";
import { roundF16 } from "./round_f16.ts";

/** A block format. */
export interface BlockFormat {
  readonly name: string;
  readonly blockSize: number;
  readonly blockBytes: number;
  /** Puts what is read back in place of a block's numbers. */
  round(block: Float32Array): void;
  /** What rows take that are no whole number of blocks, as in llama.cpp. */
  readonly fallback?: BlockFormat;
}

function stored(dtype: QuantizedDtype): BlockFormat {
  const round = (block: Float32Array): void => block.set(dequantize(dtype, quantize(dtype, block.slice())));
  return { name: dtype.toUpperCase(), blockSize: BLOCK_SIZE[dtype], blockBytes: BLOCK_BYTES[dtype], round };
}

/** x = scale * quant + least: `quantize_row_q4_1_ref`, `quantize_row_q5_1_ref`. */
function affine(name: string, bits: number): BlockFormat {
  const round = (block: Float32Array): void => {
    const least = Math.min(...block);
    const step = Math.fround(Math.fround(Math.max(...block) - least) / (2 ** bits - 1));
    const [scale, offset] = [roundF16(step), roundF16(least)];
    block.forEach((x, i) =>
      block[i] = offset + (step === 0 ? 0 : scale * Math.floor((x - least) / step + 0.5))
    );
  };
  return { name, blockSize: 32, blockBytes: 4 + 4 * bits, round };
}

/** x = scale * quant, the largest number at -16: `quantize_row_q5_0_ref`. */
function roundQ5(block: Float32Array): void {
  const step = block.reduce((most, x) => Math.abs(x) > Math.abs(most) ? x : most, 0) / -16;
  const scale = roundF16(step);
  block.forEach((x, i) => block[i] = step === 0 ? 0 : scale * Math.min(15, Math.floor(x / step + 0.5)));
}

const Q8_0 = stored("q8_0");
const Q5_1 = affine("Q5_1", 5);
const Q5_0: BlockFormat = { name: "Q5_0", blockSize: 32, blockBytes: 22, round: roundQ5 };

/** Formats by bits per weight, the most first. */
export const GGML_FORMATS: readonly BlockFormat[] = [
  Q8_0,
  { name: "Q6_K", blockSize: 256, blockBytes: 210, round: roundQ6K, fallback: Q8_0 },
  Q5_1,
  { name: "Q5_K", blockSize: 256, blockBytes: 176, round: roundQ5K, fallback: Q5_1 },
  Q5_0,
  affine("Q4_1", 4),
  { name: "Q4_K", blockSize: 256, blockBytes: 144, round: roundQ4K, fallback: Q5_0 },
  stored("iq4_nl"),
  stored("q4_0"),
];
