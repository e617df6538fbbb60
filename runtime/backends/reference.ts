/**
 * @file The reference backend: what every op means. Plain loops, float64 throughout, no cleverness. Where a kernel of
 * another backend disagrees beyond rounding, the kernel is wrong. Formulas and sources stand in ../backend.ts.
 */
import { CHUNK_SIZES } from "../chunk_sizes.ts";
import { ACTIVATION_STEPS, type ActivationPrecision } from "../activation_precision.ts";
import type {
  AttentionArgs,
  Backend,
  Cursor,
  EmbedArgs,
  GatedLinearArgs,
  HeadFusionArgs,
  InputNorm,
  LinearArgs,
  RmsNormArgs,
  Rope,
  RopeAppendArgs,
  SsmConvArgs,
  SsmScanArgs,
  Weight,
  WeightUse,
} from "../backend.ts";
import { dequantize } from "../formats/quantize.ts";
import { slotOf, visibleSlots } from "../kv_cache.ts";
import { BLOCK_SIZE, columnCount, elementCount, rowCount, type Tensor, type WeightDtype } from "../tensor.ts";
import { dot, quantizeActivations, rmsNormalize, rotate, silu, softplus } from "./reference_math.ts";
import { row, weightValues } from "./reference_tensors.ts";

type Values = Float64Array | Uint32Array;

function positionOf(cursor: Cursor): number {
  return (cursor.data as { position: number }).position;
}

/** The definition of every op, in float64 on one thread. */
export class ReferenceBackend implements Backend {
  readonly kind = "reference";
  readonly floatFormat = "f64";
  readonly preferredChunkSize = CHUNK_SIZES.cpu;
  readonly #activations: ActivationPrecision;

  /** @param activations what matrix products with quantised weights make of activations */
  constructor(activations: ActivationPrecision = "q16") {
    this.#activations = activations;
  }

  upload(_use: WeightUse, dtype: WeightDtype, shape: readonly number[], bytes: Uint8Array): Weight {
    // float32 holds every value of every storage type exactly.
    const data = dequantize(dtype, bytes);
    return { data, dtype, shape, byteLength: data.byteLength };
  }

  release(_weight: Weight): void {}

  createRope(inverseFrequencies: Float64Array): Rope {
    return { data: inverseFrequencies.slice(), headDim: 2 * inverseFrequencies.length };
  }

  allocate(shape: readonly number[], dtype: "f32" | "f16" | "u32"): Tensor {
    const count = elementCount(shape);
    const buffer: Values = dtype === "u32" ? new Uint32Array(count) : new Float64Array(count);
    return { buffer, dtype, shape, offset: 0, stride: shape[shape.length - 1] };
  }

  free(_tensor: Tensor): void {}

  createCursor(): Cursor {
    return { data: { position: 0 } };
  }

  setCursor(cursor: Cursor, position: number): void {
    (cursor.data as { position: number }).position = position;
  }

  advanceCursor(cursor: Cursor, tokens: number): void {
    (cursor.data as { position: number }).position += tokens;
  }

  freeCursor(_cursor: Cursor): void {}

  writeIds(tensor: Tensor, ids: ArrayLike<number>): void {
    (tensor.buffer as Uint32Array).set(ids, tensor.offset);
  }

  copy(from: Tensor, to: Tensor): void {
    for (let r = 0; r < rowCount(from); r++) row(to, r).set(row(from, r));
  }

  read(tensor: Tensor): Promise<Float32Array> {
    return Promise.resolve(Float32Array.from(packed(tensor)));
  }

  save(tensor: Tensor): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(packed(tensor).buffer));
  }

  restore(tensor: Tensor, bytes: Uint8Array): void {
    const values = new Float64Array(bytes.slice().buffer);
    const width = columnCount(tensor);
    for (let r = 0; r < rowCount(tensor); r++) {
      row(tensor, r).set(values.subarray(r * width, (r + 1) * width));
    }
  }

  /** A row of activations as a matrix product with `weight` sees it. */
  #operand(x: Float64Array, norm: InputNorm | undefined, { dtype }: Weight): Float64Array {
    const from = norm ? rmsNormalize(x, weightValues(norm.weight), norm.eps) : x;
    return BLOCK_SIZE[dtype] === 1 ? from : quantizeActivations(from, ACTIVATION_STEPS[this.#activations]);
  }

  embed({ ids, table, out }: EmbedArgs): void {
    const width = columnCount(out);
    const values = weightValues(table);
    for (let t = 0; t < rowCount(out); t++) {
      const id = (ids.buffer as Uint32Array)[ids.offset + t];
      row(out, t).set(values.subarray(id * width, (id + 1) * width));
    }
  }

  rmsNorm({ x, weight, eps, out }: RmsNormArgs): void {
    for (let t = 0; t < rowCount(x); t++) row(out, t).set(rmsNormalize(row(x, t), weightValues(weight), eps));
  }

  linear({ x, norm, weight, out, accumulate = false }: LinearArgs): void {
    const [n, k] = weight.shape;
    const values = weightValues(weight);
    for (let t = 0; t < rowCount(x); t++) {
      const [from, to] = [this.#operand(row(x, t), norm, weight), row(out, t)];
      for (let i = 0; i < n; i++) to[i] = dot(from, values, i * k) + (accumulate ? to[i] : 0);
    }
  }

  gatedLinear({ x, norm, gate, up, out }: GatedLinearArgs): void {
    const [n, k] = gate.shape;
    for (let t = 0; t < rowCount(x); t++) {
      const [from, to] = [this.#operand(row(x, t), norm, gate), row(out, t)];
      for (let i = 0; i < n; i++) {
        to[i] = silu(dot(from, weightValues(gate), i * k)) * dot(from, weightValues(up), i * k);
      }
    }
  }

  ropeAppend({ queries, out, rope, cursor, append }: RopeAppendArgs): void {
    const first = positionOf(cursor);
    for (let t = 0; t < rowCount(queries); t++) {
      row(out, t).set(row(queries, t));
      rotate(row(out, t), first + t, rope.data as Float64Array);
      if (!append) continue;
      const slot = slotOf(append.cache, first + t);
      const key = row(append.keys, t).slice();
      rotate(key, first + t, rope.data as Float64Array);
      row(append.cache.keys, slot).set(key);
      row(append.cache.values, slot).set(row(append.values, t));
    }
  }

  attention({ queries, cache, cursor, numHeads, numKvHeads, lookback, out }: AttentionArgs): void {
    const headDim = columnCount(queries) / numHeads;
    const vHeadDim = columnCount(out) / numHeads;
    for (let t = 0; t < rowCount(queries); t++) {
      const position = positionOf(cursor) + t;
      const slots = visibleSlots(cache, position, lookback);
      for (let h = 0; h < numHeads; h++) {
        const kvHead = Math.floor((h * numKvHeads) / numHeads);
        const query = row(queries, t).subarray(h * headDim, (h + 1) * headDim);
        const scores = slots.map((slot) =>
          dot(query, row(cache.keys, slot), kvHead * headDim) / Math.sqrt(headDim)
        );
        const highest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
        const weights = scores.map((score) => Math.exp(score - highest));
        const total = weights.reduce((a, b) => a + b, 0);
        const to = row(out, t).subarray(h * vHeadDim, (h + 1) * vHeadDim).fill(0);
        slots.forEach((slot, s) => {
          const value = row(cache.values, slot);
          for (let i = 0; i < vHeadDim; i++) to[i] += (weights[s] / total) * value[kvHead * vHeadDim + i];
        });
      }
    }
  }

  ssmConv({ x, weight, bias, convState, out }: SsmConvArgs): void {
    const [dInner, dConv] = weight.shape;
    for (let t = 0; t < rowCount(x); t++) {
      const window = [...Array.from({ length: dConv - 1 }, (_, j) => row(convState, j)), row(x, t)];
      for (let c = 0; c < dInner; c++) {
        let sum = weightValues(bias)[c];
        for (let j = 0; j < dConv; j++) sum += weightValues(weight)[c * dConv + j] * window[j][c];
        row(out, t)[c] = silu(sum);
      }
      for (let j = 0; j + 1 < dConv; j++) row(convState, j).set(window[j + 1]);
    }
  }

  ssmScan(args: SsmScanArgs): void {
    const { dtBC, x, z, dtNorm, bNorm, cNorm, eps, dtProj, dtBias, A, D, ssmState, out } = args;
    const [dInner, dtRank] = dtProj.shape;
    const dState = A.shape[1];
    for (let t = 0; t < rowCount(x); t++) {
      const [dt, B, C] = [[0, dtRank], [dtRank, dtRank + dState], [dtRank + dState, dtRank + 2 * dState]]
        .map(([from, to], i) =>
          rmsNormalize(row(dtBC, t).subarray(from, to), weightValues([dtNorm, bNorm, cNorm][i]), eps)
        );
      for (let c = 0; c < dInner; c++) {
        const delta = softplus(dot(dt, weightValues(dtProj), c * dtRank) + weightValues(dtBias)[c]);
        const h = row(ssmState, c);
        const xt = row(x, t)[c];
        let y = weightValues(D)[c] * xt;
        for (let n = 0; n < dState; n++) {
          h[n] = Math.exp(delta * weightValues(A)[c * dState + n]) * h[n] + delta * xt * B[n];
          y += h[n] * C[n];
        }
        row(out, t)[c] = y * silu(row(z, t)[c]);
      }
    }
  }

  headFusion({ attention, ssm, attentionNorm, ssmNorm, eps, out }: HeadFusionArgs): void {
    for (let t = 0; t < rowCount(out); t++) {
      const a = rmsNormalize(row(attention, t), weightValues(attentionNorm), eps);
      const s = rmsNormalize(row(ssm, t), weightValues(ssmNorm), eps);
      row(out, t).set(a.map((value, i) => (value + s[i]) / 2));
    }
  }

  dispose(): void {}
}

function packed(tensor: Tensor): Float64Array {
  const width = columnCount(tensor);
  const values = new Float64Array(elementCount(tensor.shape));
  for (let r = 0; r < rowCount(tensor); r++) values.set(row(tensor, r), r * width);
  return values;
}
