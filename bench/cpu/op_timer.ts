/** @file Times the ops of every WASM backend, put together by kind. */
import type { GatedLinearArgs, LinearArgs, Weight } from "../../runtime/backend.ts";
import { WasmBackend } from "../../runtime/backends/wasm.ts";
import { elementCount, isQuantized, rowCount } from "../../runtime/tensor.ts";

/** Kinds of ops, in the order of reports. Products norm and quantise their activations themselves. */
export const KINDS = [
  "products with quantised weights",
  "x_proj",
  "attention and RoPE",
  "selective scan",
  "convolution",
  "norms and fusion",
] as const;

/** One of {@linkcode KINDS}. */
export type Kind = typeof KINDS[number];

/** What the ops of a kind have cost since {@linkcode OpTimer.reset}. */
export interface Cost {
  milliseconds: number;
  multiplyAdds: number;
  /** Bytes of the weights that products have read, those of a prompt once a pass. */
  bytes: number;
}

const KIND_OF: Readonly<Record<string, (args: never) => Kind>> = {
  embed: () => "norms and fusion",
  rmsNorm: () => "norms and fusion",
  headFusion: () => "norms and fusion",
  linear: ({ weight }: LinearArgs) =>
    isQuantized(weight.dtype) ? "products with quantised weights" : "x_proj",
  gatedLinear: () => "products with quantised weights",
  ropeAppend: () => "attention and RoPE",
  attention: () => "attention and RoPE",
  ssmConv: () => "convolution",
  ssmScan: () => "selective scan",
};

/** A stop-watch on every op. */
export class OpTimer {
  readonly costs = new Map<Kind, Cost>();

  /** Puts itself in front of the ops, for good. */
  constructor() {
    const ops = WasmBackend.prototype as unknown as Record<string, (args: unknown) => void>;
    for (const [name, kindOf] of Object.entries(KIND_OF)) {
      const op = ops[name];
      const note = (args: unknown, milliseconds: number): void =>
        this.#note(kindOf(args as never), args, milliseconds);
      ops[name] = function (args) {
        const start = performance.now();
        op.call(this, args);
        note(args, performance.now() - start);
      };
    }
    this.reset();
  }

  /** Forgets what was timed. */
  reset(): void {
    for (const kind of KINDS) this.costs.set(kind, { milliseconds: 0, multiplyAdds: 0, bytes: 0 });
  }

  #note(kind: Kind, args: unknown, milliseconds: number): void {
    const cost = this.costs.get(kind)!;
    cost.milliseconds += milliseconds;
    const { x, weight, gate, up } = args as Partial<LinearArgs & GatedLinearArgs>;
    const isProduct = kind === KINDS[0] || kind === "x_proj";
    const weights = isProduct ? [weight, gate, up].filter((each): each is Weight => each !== undefined) : [];
    for (const { shape, byteLength } of weights) {
      cost.multiplyAdds += rowCount(x!) * elementCount(shape);
      cost.bytes += byteLength;
    }
  }
}
