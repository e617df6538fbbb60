/** @file The ops that read matrices, at the shapes of a model's first layer, its embedding and its head. */
import { byteLength, type Tensor, type WeightDtype } from "../../runtime/tensor.ts";
import type { Operands } from "./operands.ts";

/** A call on one copy of the operands, and where it writes. */
export interface Call {
  readonly run: () => void;
  readonly out: Tensor;
}

/** An op to time. */
export interface OpCase {
  readonly op: string;
  /** Rows of activations that it is timed with. */
  readonly rows: number;
  /** Bytes that a call reads, where those are not all of the weights. */
  readonly readBytes?: number;
  /** Makes copy number `copy` of the operands. */
  readonly prepare: (operands: Operands, copy: number) => Call;
}

const LAYER = "model.layers.0";
const EMBEDDING = "model.embed_tokens.weight";
const MATRICES: Readonly<Record<string, string>> = {
  in_proj: `${LAYER}.mamba.in_proj.weight`,
  x_proj: `${LAYER}.mamba.x_proj.0.weight`,
  out_proj: `${LAYER}.mamba.out_proj.weight`,
  down: `${LAYER}.moe.experts.0.down_proj.weight`,
  head: EMBEDDING,
};

function linear(matrix: string, dtype: WeightDtype, rows: number): OpCase {
  return {
    op: `linear ${matrix} ${dtype}`,
    rows,
    prepare(operands) {
      const weight = operands.weight(MATRICES[matrix], dtype);
      const [n, k] = weight.shape;
      const [x, out] = [operands.activation("x", [rows, k]), operands.output([rows, n])];
      return { run: () => operands.backend.linear({ x, weight, out }), out };
    },
  };
}

function gatedLinear(dtype: WeightDtype, rows: number): OpCase {
  return {
    op: `gatedLinear ${dtype}`,
    rows,
    prepare(operands) {
      const gate = operands.weight(`${LAYER}.moe.experts.0.gate_proj.weight`, dtype);
      const up = operands.weight(`${LAYER}.moe.experts.0.up_proj.weight`, dtype);
      const [n, k] = gate.shape;
      const [x, out] = [operands.activation("x", [rows, k]), operands.output([rows, n])];
      return { run: () => operands.backend.gatedLinear({ x, gate, up, out }), out };
    },
  };
}

function embed(dtype: WeightDtype, hiddenSize: number, rows: number): OpCase {
  return {
    op: `embed ${dtype}`,
    rows,
    readBytes: byteLength(dtype, rows * hiddenSize),
    prepare(operands, copy) {
      const table = operands.weight(EMBEDDING, dtype);
      const [ids, out] = [operands.ids(rows, copy), operands.output([rows, hiddenSize])];
      return { run: () => operands.backend.embed({ ids, table, out }), out };
    },
  };
}

/** The products; the head only with one row, because a prompt needs it for its last token alone. */
export function productCases(hiddenSize: number, rows: number): OpCase[] {
  const quantized: WeightDtype[] = ["q8_0", "q4_0"];
  const names = ["in_proj", "out_proj", "down", ...rows === 1 ? ["head"] : []];
  return [
    ...quantized.flatMap((dtype) => names.map((name) => linear(name, dtype, rows))),
    ...(["f16", "bf16", "f32"] as const).map((dtype) => linear("in_proj", dtype, rows)),
    linear("x_proj", "f32", rows),
    ...quantized.map((dtype) => gatedLinear(dtype, rows)),
    embed("q8_0", hiddenSize, rows),
  ];
}
