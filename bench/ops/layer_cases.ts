/** @file The ops of a layer that are no products, at the shapes of a model's first layer. */
import type { KvCache } from "../../runtime/backend.ts";
import type { HymbaConfig } from "../../runtime/config.ts";
import type { Operands } from "./operands.ts";
import type { OpCase } from "./product_cases.ts";

/** Tokens before the call, besides the meta tokens. */
const CONTEXT = 1024;
const LAYER = "model.layers.0";
const MAMBA = `${LAYER}.mamba`;

/** Caches as full as can be: a call sees every slot, but for as many as it has rows where there is a window. */
function cacheOf(config: HymbaConfig, isWindow: boolean, rows: number, memory: Operands["state"]): KvCache {
  const { numMetaTokens, numKvHeads, headDim, vHeadDim } = config;
  const slots = numMetaTokens + CONTEXT + rows;
  return {
    keys: memory([slots, numKvHeads * headDim], "f16"),
    values: memory([slots, numKvHeads * vHeadDim], "f16"),
    numMetaTokens,
    ringSize: isWindow ? CONTEXT + rows : null,
  };
}

function attention(kind: "window" | "global", rows: number): OpCase {
  return {
    op: `attention ${kind}`,
    rows,
    prepare(operands) {
      const { backend, config } = operands;
      const { numHeads, numKvHeads, headDim, vHeadDim, numMetaTokens } = config;
      const cache = cacheOf(config, kind === "window", rows, (...args) => operands.state(...args));
      const queries = operands.activation("queries", [rows, numHeads * headDim]);
      const out = operands.output([rows, numHeads * vHeadDim]);
      const cursor = operands.cursor(numMetaTokens + CONTEXT);
      const lookback = kind === "window" ? CONTEXT - 1 : null;
      const args = { queries, cache, cursor, numHeads, numKvHeads, lookback, out };
      return { run: () => backend.attention(args), out };
    },
  };
}

function ropeAppend(rows: number): OpCase {
  return {
    op: "ropeAppend",
    rows,
    prepare(operands) {
      const { backend, config, rope } = operands;
      const { numHeads, numKvHeads, headDim, vHeadDim, numMetaTokens } = config;
      const cache = cacheOf(config, false, rows, (...args) => operands.room(...args));
      const queries = operands.activation("queries", [rows, numHeads * headDim]);
      const keys = operands.activation("keys", [rows, numKvHeads * headDim]);
      const values = operands.activation("values", [rows, numKvHeads * vHeadDim]);
      const out = operands.output(queries.shape);
      const cursor = operands.cursor(numMetaTokens + CONTEXT);
      const args = { queries, out, rope, cursor, append: { keys, values, cache } };
      return { run: () => backend.ropeAppend(args), out };
    },
  };
}

function ssmConv(rows: number): OpCase {
  return {
    op: "ssmConv",
    rows,
    prepare(operands) {
      const { dInner, dConv } = operands.config;
      const args = {
        x: operands.activation("x", [rows, dInner]),
        weight: operands.weight(`${MAMBA}.conv1d.weight`),
        bias: operands.weight(`${MAMBA}.conv1d.bias`),
        convState: operands.state([dConv - 1, dInner]),
        out: operands.output([rows, dInner]),
      };
      return { run: () => operands.backend.ssmConv(args), out: args.out };
    },
  };
}

function ssmScan(rows: number): OpCase {
  return {
    op: "ssmScan",
    rows,
    prepare(operands) {
      const { dInner, dState, dtRank, rmsNormEps: eps } = operands.config;
      const args = {
        dtBC: operands.activation("dtBC", [rows, dtRank + 2 * dState]),
        x: operands.activation("x", [rows, dInner]),
        z: operands.activation("z", [rows, dInner]),
        dtNorm: operands.weight(`${MAMBA}.dt_layernorm.weight`),
        bNorm: operands.weight(`${MAMBA}.B_layernorm.weight`),
        cNorm: operands.weight(`${MAMBA}.C_layernorm.weight`),
        eps,
        dtProj: operands.weight(`${MAMBA}.dt_proj.0.weight`, "bf16"),
        dtBias: operands.weight(`${MAMBA}.dt_proj.0.bias`),
        A: operands.weight(`${MAMBA}.A_log.0`),
        D: operands.weight(`${MAMBA}.D.0`),
        ssmState: operands.state([dInner, dState]),
        out: operands.output([rows, dInner]),
      };
      return { run: () => operands.backend.ssmScan(args), out: args.out };
    },
  };
}

function rmsNorm(rows: number): OpCase {
  return {
    op: "rmsNorm",
    rows,
    prepare(operands) {
      const { hiddenSize, rmsNormEps: eps } = operands.config;
      const x = operands.activation("x", [rows, hiddenSize]);
      const weight = operands.weight(`${LAYER}.input_layernorm.weight`);
      const out = operands.output([rows, hiddenSize]);
      return { run: () => operands.backend.rmsNorm({ x, weight, eps, out }), out };
    },
  };
}

function headFusion(rows: number): OpCase {
  return {
    op: "headFusion",
    rows,
    prepare(operands) {
      const { dInner, rmsNormEps: eps } = operands.config;
      const args = {
        attention: operands.activation("attention", [rows, dInner]),
        ssm: operands.activation("ssm", [rows, dInner]),
        attentionNorm: operands.weight(`${MAMBA}.pre_avg_layernorm1.weight`),
        ssmNorm: operands.weight(`${MAMBA}.pre_avg_layernorm2.weight`),
        eps,
        out: operands.output([rows, dInner]),
      };
      return { run: () => operands.backend.headFusion(args), out: args.out };
    },
  };
}

/** All of them. */
export function layerCases(rows: number): OpCase[] {
  return [
    attention("window", rows),
    attention("global", rows),
    ...[ropeAppend, ssmConv, ssmScan, headFusion, rmsNorm].map((make) => make(rows)),
  ];
}
