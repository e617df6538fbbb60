/**
 * @file Shape checks for every op, in one place: a backend behind {@linkcode checked} throws instead of computing nonsense. The
 * model's own calls are right by construction, so it runs unchecked; tests and anything that calls ops directly run checked.
 */
import type { Backend, KvCache, Weight } from "./backend.ts";
import { ShapeError } from "./errors.ts";
import { columnCount, rowCount, type Tensor } from "./tensor.ts";

type Shaped = { readonly shape: readonly number[] };

/** Dimensions that one op's arguments must agree on, by name; the first use of a name fixes its size. */
class Dimensions {
  readonly #op: string;
  readonly #sizes = new Map<string, number>();

  constructor(op: string) {
    this.#op = op;
  }

  /** Requires `actual` to be the size of dimension `name`. */
  size(argument: string, name: string, actual: number): this {
    const expected = this.#sizes.get(name) ?? actual;
    this.require(actual === expected, `${argument} has ${name} ${actual}`, `${expected}`);
    this.#sizes.set(name, expected);
    return this;
  }

  /** Requires an activation matrix `[l, name]`. */
  matrix(argument: string, tensor: Tensor, name: string): this {
    this.require(tensor.dtype === "f32", `${argument} is ${tensor.dtype}`, "f32");
    return this.size(argument, "l", rowCount(tensor)).size(argument, name, columnCount(tensor));
  }

  /** Requires a shape of the named dimensions. */
  shape(argument: string, { shape }: Shaped, ...names: readonly string[]): this {
    this.require(
      shape.length === names.length,
      `${argument} has shape [${shape.join(", ")}]`,
      `[${names.join(", ")}]`,
    );
    names.forEach((name, i) => this.size(argument, name, shape[i]));
    return this;
  }

  /** Requires anything else. */
  require(holds: boolean, is: string, expected: string): void {
    if (holds) return;
    throw new ShapeError(
      `Cannot run ${this.#op}: ${is}, expected ${expected}`,
      "Check the arguments against runtime/backend.ts",
    );
  }
}

type Ops = Pick<
  Backend,
  | "embed"
  | "rmsNorm"
  | "linear"
  | "gatedLinear"
  | "ropeAppend"
  | "attention"
  | "ssmConv"
  | "ssmScan"
  | "headFusion"
>;

/** One check for each op; arguments as the op's own. */
const CHECKS: { readonly [Op in keyof Ops]: (dims: Dimensions, args: Parameters<Ops[Op]>[0]) => void } = {
  embed(dims, { ids, table, out }) {
    dims.require(ids.dtype === "u32", `ids are ${ids.dtype}`, "u32");
    dims.shape("ids", ids, "l").matrix("out", out, "hiddenSize").shape(
      "table",
      table,
      "vocabSize",
      "hiddenSize",
    );
  },
  rmsNorm(dims, { x, weight, out }) {
    dims.matrix("x", x, "n").matrix("out", out, "n").shape("weight", weight, "n");
  },
  linear(dims, { x, norm, weight, out }) {
    if (norm) dims.shape("norm", norm.weight, "k");
    dims.matrix("x", x, "k").matrix("out", out, "n").shape("weight", weight, "n", "k");
  },
  gatedLinear(dims, { x, norm, gate, up, out }) {
    if (norm) dims.shape("norm", norm.weight, "k");
    dims.matrix("x", x, "k").matrix("out", out, "n").shape("gate", gate, "n", "k").shape("up", up, "n", "k");
    dims.require(gate.dtype === up.dtype, `gate is ${gate.dtype} and up is ${up.dtype}`, "the same dtype");
  },
  ropeAppend(dims, { queries, out, rope, append }) {
    dims.matrix("queries", queries, "queryWidth").matrix("out", out, "queryWidth");
    dims.require(
      columnCount(queries) % rope.headDim === 0,
      `queryWidth is ${columnCount(queries)}`,
      `heads of ${rope.headDim}`,
    );
    if (!append) return;
    const { keys, values, cache } = append;
    dims.matrix("keys", keys, "keyWidth").matrix("values", values, "valueWidth");
    checkCache(dims, cache);
    dims.require(
      columnCount(keys) % rope.headDim === 0,
      `keyWidth is ${columnCount(keys)}`,
      `heads of ${rope.headDim}`,
    );
    const { ringSize } = cache;
    dims.require(
      ringSize === null || rowCount(keys) <= ringSize,
      `l is ${rowCount(keys)}`,
      `at most ringSize ${ringSize}`,
    );
  },
  attention(dims, { queries, cache, numHeads, numKvHeads, lookback, out }) {
    dims.matrix("queries", queries, "queryWidth").matrix("out", out, "outWidth");
    dims.require(
      numHeads % numKvHeads === 0,
      `numHeads is ${numHeads}`,
      `a multiple of numKvHeads ${numKvHeads}`,
    );
    const headDim = columnCount(queries) / numHeads;
    const vHeadDim = columnCount(out) / numHeads;
    dims.size("queries", "keyWidth", numKvHeads * headDim).size("out", "valueWidth", numKvHeads * vHeadDim);
    checkCache(dims, cache);
    const reach = lookback === null ? null : lookback + rowCount(queries);
    const fits = cache.ringSize === null || (reach !== null && reach <= cache.ringSize);
    dims.require(fits, `lookback + l is ${reach ?? "unlimited"}`, `at most ringSize ${cache.ringSize}`);
  },
  ssmConv(dims, { x, weight, bias, convState, out }) {
    dims.matrix("x", x, "dInner").matrix("out", out, "dInner");
    dims.shape("weight", weight, "dInner", "dConv").shape("bias", bias, "dInner");
    dims.size("convState", "dConv", rowCount(convState) + 1).size(
      "convState",
      "dInner",
      columnCount(convState),
    );
  },
  ssmScan(dims, args) {
    dims.matrix("x", args.x, "dInner").matrix("z", args.z, "dInner").matrix("out", args.out, "dInner");
    dims.shape("dtProj", args.dtProj, "dInner", "dtRank").shape("dtBias", args.dtBias, "dInner");
    dims.shape("A", args.A, "dInner", "dState").shape("D", args.D, "dInner").shape(
      "dtNorm",
      args.dtNorm,
      "dtRank",
    );
    dims.shape("bNorm", args.bNorm, "dState").shape("cNorm", args.cNorm, "dState");
    dims.shape("ssmState", args.ssmState, "dInner", "dState");
    const [dtRank, dState] = [args.dtProj.shape[1], args.A.shape[1]];
    dims.size("dtBC", "l", rowCount(args.dtBC));
    dims.require(
      columnCount(args.dtBC) === dtRank + 2 * dState,
      `dtBC is ${columnCount(args.dtBC)} wide`,
      `${dtRank + 2 * dState}`,
    );
  },
  headFusion(dims, { attention, ssm, attentionNorm, ssmNorm, out }) {
    dims.matrix("attention", attention, "dInner").matrix("ssm", ssm, "dInner").matrix("out", out, "dInner");
    dims.shape("attentionNorm", attentionNorm, "dInner").shape("ssmNorm", ssmNorm, "dInner");
  },
};

function checkCache(dims: Dimensions, { keys, values, numMetaTokens, ringSize }: KvCache): void {
  dims.require(
    keys.dtype === values.dtype,
    `keys are ${keys.dtype} and values ${values.dtype}`,
    "the same dtype",
  );
  dims.shape("cache.keys", keys, "slots", "keyWidth").shape("cache.values", values, "slots", "valueWidth");
  if (ringSize !== null) dims.size("cache", "slots", numMetaTokens + ringSize);
}

/** `backend` with a check before every op. */
export function checked(backend: Backend): Backend {
  return new Proxy(backend, {
    get(target, key): unknown {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (!(key in CHECKS)) return value.bind(target);
      return (args: Record<string, Tensor | Weight>): void => {
        CHECKS[key as keyof Ops](new Dimensions(String(key)), args as never);
        value.call(target, args);
      };
    },
  });
}
