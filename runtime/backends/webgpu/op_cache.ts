/**
 * @file Ops that were called before with the very same arguments run again as the dispatches they became then. A decode step makes the
 * same calls for every token, so after the first one lowering, parameters and bind groups cost nothing but a look-up: of the object
 * that holds the arguments, where it is the one of the step before, or of all of them.
 */
import type { Cursor, InputNorm, KvCache, Rope, RopeAppendArgs, Weight } from "../../backend.ts";
import type { Tensor } from "../../tensor.ts";
import type { Commands, Step } from "./commands.ts";
import type { Gpu } from "./gpu.ts";
import { type Region, regionOf } from "./region.ts";
import type { GpuMatrix } from "./weights.ts";

type Append = NonNullable<RopeAppendArgs["append"]>;
type Argument =
  | Tensor
  | Weight
  | Rope
  | Cursor
  | KvCache
  | Append
  | InputNorm
  | number
  | boolean
  | null
  | undefined;

/** How an op is lowered, and all that its dispatches depend on. */
export interface OpDescriptor<Args> {
  readonly lower: (gpu: Gpu, args: Args) => void;
  /** Names of all arguments, in a fixed order. */
  readonly fields: readonly (keyof Args & string)[];
  /** For an op made of others: the arguments that are an op's own. */
  readonly parts?: Readonly<Record<string, Fields>>;
}

/** What the cache knows of arguments. */
type Fields = Pick<OpDescriptor<Record<string, unknown>>, "fields" | "parts">;

interface Entry {
  readonly op: unknown;
  readonly key: Float64Array;
  readonly steps: readonly Step[];
}

const MAX_KEY = 256;
const MAX_ENTRIES = 16384;
/** Stands for an argument that is absent; no id, size or offset. */
const ABSENT = -1;

/** The ops of one device that were lowered. */
export class OpCache {
  readonly #gpu: Gpu;
  readonly #commands: Commands;
  /** By hash of op and key. */
  readonly #entries = new Map<number, Entry[]>();
  /** By the arguments of their last call. */
  #lastCalls = new WeakMap<object, Entry>();
  #size = 0;
  #generation = 0;
  readonly #key = new Float64Array(MAX_KEY);
  #length = 0;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#commands = gpu.commands;
  }

  /** Runs an op, from the cache where it is known. */
  run<Args extends object>(op: OpDescriptor<Args>, args: Args): void {
    if (this.#generation !== this.#commands.generation || this.#size >= MAX_ENTRIES) this.#clear();
    const last = this.#lastCalls.get(args);
    if (last?.op === op) {
      this.#commands.repeat(last.steps);
      return;
    }
    const hash = this.#writeKey(op, args);
    const known = this.#find(hash, op);
    if (known) {
      this.#lastCalls.set(args, known);
      this.#commands.repeat(known.steps);
      return;
    }
    const key = this.#key.slice(0, this.#length);
    const steps = this.#commands.record(() => op.lower(this.#gpu, args));
    // Where lowering released memory, bind groups of its first dispatches may be gone.
    if (this.#generation !== this.#commands.generation) return;
    const entry: Entry = { op, key, steps };
    this.#entries.set(hash, [...this.#entries.get(hash) ?? [], entry]);
    this.#size++;
  }

  #clear(): void {
    this.#entries.clear();
    this.#lastCalls = new WeakMap();
    this.#size = 0;
    this.#generation = this.#commands.generation;
  }

  #writeKey<Args extends object>(op: OpDescriptor<Args>, args: Args): number {
    this.#length = 0;
    this.#addFields(op, args as Record<string, unknown>);
    let hash = 0;
    for (let i = 0; i < this.#length; i++) hash = Math.imul(hash, 31) + (this.#key[i] | 0) | 0;
    return hash;
  }

  #addFields({ fields, parts }: Fields, args: Readonly<Record<string, unknown>>): void {
    for (const field of fields) {
      const part = parts?.[field];
      if (part) this.#addFields(part, args[field] as Record<string, unknown>);
      else this.#add(args[field] as Argument);
    }
  }

  #find(hash: number, op: unknown): Entry | undefined {
    const candidates = this.#entries.get(hash);
    if (!candidates) return undefined;
    for (const entry of candidates) {
      if (entry.op === op && this.#matches(entry.key)) return entry;
    }
    return undefined;
  }

  #matches(key: Float64Array): boolean {
    if (key.length !== this.#length) return false;
    for (let i = 0; i < key.length; i++) if (key[i] !== this.#key[i]) return false;
    return true;
  }

  #add(value: Argument): void {
    if (value === null || value === undefined) this.#push(ABSENT);
    else if (typeof value !== "object") this.#push(Number(value));
    else if ("buffer" in value) this.#addTensor(value);
    else if ("data" in value) this.#push(identityOf(value.data as Region | GpuMatrix));
    else if ("ringSize" in value) this.#addCache(value);
    else if ("weight" in value) this.#addNorm(value);
    else {
      this.#addTensor(value.keys);
      this.#addTensor(value.values);
      this.#addCache(value.cache);
    }
  }

  #addTensor(tensor: Tensor): void {
    const { shape } = tensor;
    this.#push(regionOf(tensor).id);
    this.#push(tensor.offset);
    this.#push(tensor.stride);
    this.#push(shape[shape.length - 1]);
    this.#push(shape.length === 1 ? 1 : shape[0]);
  }

  #addNorm({ weight, eps }: InputNorm): void {
    this.#push(identityOf(weight.data as Region | GpuMatrix));
    this.#push(eps);
  }

  #addCache({ keys, values, numMetaTokens, ringSize }: KvCache): void {
    this.#addTensor(keys);
    this.#addTensor(values);
    this.#push(numMetaTokens);
    this.#push(ringSize ?? ABSENT);
  }

  #push(value: number): void {
    this.#key[this.#length++] = value;
  }
}

function identityOf(data: Region | GpuMatrix): number {
  return "parts" in data ? data.parts[0].blocks.id : data.id;
}
