/**
 * @file Weights by chance, of the sizes that trained ones have: products neither grow nor fade, scans remember some hundred tokens,
 * and some tokens are likelier than others. Any slice of a tensor can be made alone.
 */
import type { HymbaConfig } from "../runtime/config.ts";

/** Numbers that a tensor's name and a seed determine. */
export class RandomNumbers {
  readonly #key: number;

  constructor(seed: number, name: string) {
    let key = mix(seed >>> 0);
    for (let i = 0; i < name.length; i++) key = mix(key ^ name.charCodeAt(i));
    this.#key = key;
  }

  /** Uniform, from -1 to 1. */
  uniform(index: number): number {
    return mix(this.#key + Math.imul(index, 0x9e3779b9)) / 2 ** 31 - 1;
  }

  /** Nearly normal, of mean 0 and standard deviation 1: the sum of a hash's four bytes. */
  normal(index: number): number {
    const bits = mix(this.#key + Math.imul(index, 0x9e3779b9));
    const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
    return (sum - 510) / 147.8;
  }
}

/** A bijection of 32-bit integers in which every bit depends on all (MurmurHash3's finalizer, Austin Appleby, public domain). */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A value of a tensor, by its index in row-major order. */
type Rule = (random: RandomNumbers, index: number) => number;

/** Standard deviation of logits, roughly. */
const LOGIT_SCALE = 2.5;

/** How a tensor's values are drawn. */
function ruleOf(name: string, shape: readonly number[], config: HymbaConfig): Rule {
  const { hiddenSize, dState, dConv, dtRank } = config;
  const normal = (scale: number): Rule => (random, i) => scale * random.normal(i);
  const near = (centre: number): Rule => (random, i) => centre + 0.1 * random.normal(i);
  const fanIn = 1 / Math.sqrt(shape[shape.length - 1]);
  if (/embed_tokens|memory_tokens|lm_head/.test(name)) return normal(LOGIT_SCALE / Math.sqrt(hiddenSize));
  if (/layernorm/.test(name)) return near(1);
  if (name.endsWith("A_log.0")) return (random, i) => Math.log(1 + i % dState) + 0.1 * random.normal(i);
  if (name.endsWith("D.0")) return near(1);
  if (name.endsWith("dt_proj.0.bias")) return stepBias;
  if (name.endsWith("dt_proj.0.weight")) return (random, i) => random.uniform(i) / Math.sqrt(dtRank);
  if (name.endsWith("conv1d.weight")) return (random, i) => random.uniform(i) / Math.sqrt(dConv);
  if (name.endsWith("conv1d.bias")) return normal(0.02);
  return normal(fanIn);
}

/** Step sizes from 0.001 to 0.1, as Mamba is initialised (arXiv:2312.00752, section 3.6), through softplus backwards. */
function stepBias(random: RandomNumbers, index: number): number {
  const step = Math.exp(Math.log(0.01) + random.uniform(index) * Math.log(10));
  return step + Math.log(-Math.expm1(-step));
}

/** Values `start .. start + count` of a tensor. */
export function randomValues(
  tensor: { readonly name: string; readonly shape: readonly number[] },
  config: HymbaConfig,
  seed: number,
  start: number,
  count: number,
): Float32Array {
  const rule = ruleOf(tensor.name, tensor.shape, config);
  const random = new RandomNumbers(seed, tensor.name);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = rule(random, start + i);
  return values;
}
