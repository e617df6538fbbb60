/** @file A Llama of random weights as a GGUF file that llama.cpp loads, tokenizer included. */
import type { GgufValue } from "../../runtime/formats/gguf_format.ts";
import type { GgufTensor } from "../../runtime/formats/gguf_header.ts";
import { writeGguf } from "../../runtime/formats/gguf_writer.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { elementCount, type WeightDtype } from "../../runtime/tensor.ts";
import { RandomNumbers } from "../random_weights.ts";
import type { LlamaShape } from "./shapes.ts";

/** Parameters of a shape. */
export function llamaParameters(shape: LlamaShape): number {
  return tensorsOf(shape, "f32").reduce((sum, tensor) => sum + elementCount(tensor.shape), 0);
}

/** Writes the file; norms are f32, matrices `dtype`. */
export async function writeLlama(shape: LlamaShape, dtype: WeightDtype, path: string): Promise<void> {
  const file = await Deno.open(path, { create: true, truncate: true, write: true });
  await writeGguf({
    metadata: metadataOf(shape),
    tensors: tensorsOf(shape, dtype),
    read: (tensor) => [randomTensor(tensor)],
    sink: file.writable,
  });
}

function tensorsOf(shape: LlamaShape, dtype: WeightDtype): GgufTensor[] {
  const { hidden, intermediate, vocab, heads, kvHeads } = shape;
  const keyWidth = hidden / heads * kvHeads;
  const norm = (name: string): GgufTensor => ({ name: `${name}.weight`, dtype: "f32", shape: [hidden] });
  const matrix = (name: string, rows: number, columns: number): GgufTensor => ({
    name: `${name}.weight`,
    dtype,
    shape: [rows, columns],
  });
  const layers = Array.from({ length: shape.layers }, (_, i) => [
    norm(`blk.${i}.attn_norm`),
    matrix(`blk.${i}.attn_q`, hidden, hidden),
    matrix(`blk.${i}.attn_k`, keyWidth, hidden),
    matrix(`blk.${i}.attn_v`, keyWidth, hidden),
    matrix(`blk.${i}.attn_output`, hidden, hidden),
    norm(`blk.${i}.ffn_norm`),
    matrix(`blk.${i}.ffn_gate`, intermediate, hidden),
    matrix(`blk.${i}.ffn_up`, intermediate, hidden),
    matrix(`blk.${i}.ffn_down`, hidden, intermediate),
  ]);
  return [matrix("token_embd", vocab, hidden), ...layers.flat(), norm("output_norm")];
}

/** Norms near 1, matrices of standard deviation 1 / sqrt(columns). */
function randomTensor({ name, dtype, shape }: GgufTensor): Uint8Array<ArrayBuffer> {
  const random = new RandomNumbers(1, name);
  const [centre, scale] = shape.length === 1 ? [1, 0.1] : [0, 1 / Math.sqrt(shape[1])];
  const values = Float32Array.from(
    { length: elementCount(shape) },
    (_, i) => centre + scale * random.normal(i),
  );
  return quantize(dtype, values);
}

function metadataOf(shape: LlamaShape): Map<string, GgufValue> {
  const text = (value: string): GgufValue => ({ type: "string", value });
  const count = (value: number): GgufValue => ({ type: "u32", value });
  const special = ["<unk>", "<s>", "</s>"];
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, "0")}>`);
  const words = Array.from({ length: shape.vocab - 259 }, (_, i) => `▁w${i}`);
  const tokens = [...special, ...bytes, ...words];
  // llama.cpp's token types: 2 unknown, 3 control, 6 byte, 1 normal.
  const types = tokens.map((_, i) => i === 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : 1);
  return new Map<string, GgufValue>([
    ["general.architecture", text("llama")],
    ["general.name", text("Random weights")],
    ["llama.block_count", count(shape.layers)],
    ["llama.context_length", count(2048)],
    ["llama.embedding_length", count(shape.hidden)],
    ["llama.feed_forward_length", count(shape.intermediate)],
    ["llama.attention.head_count", count(shape.heads)],
    ["llama.attention.head_count_kv", count(shape.kvHeads)],
    ["llama.attention.layer_norm_rms_epsilon", { type: "f32", value: 1e-5 }],
    ["llama.rope.dimension_count", count(shape.hidden / shape.heads)],
    ["tokenizer.ggml.model", text("llama")],
    ["tokenizer.ggml.tokens", { type: "array", element: "string", value: tokens }],
    ["tokenizer.ggml.scores", { type: "array", element: "f32", value: new Float32Array(tokens.length) }],
    ["tokenizer.ggml.token_type", { type: "array", element: "i32", value: Int32Array.from(types) }],
    ["tokenizer.ggml.bos_token_id", count(1)],
    ["tokenizer.ggml.eos_token_id", count(2)],
    ["tokenizer.ggml.unknown_token_id", count(0)],
  ]);
}
