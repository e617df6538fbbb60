/** @file Small constant vectors joined into one array, since a kernel may bind eight arrays at most. */
import type { Weight } from "../../backend.ts";
import { elementCount } from "../../tensor.ts";
import type { Commands } from "./commands.ts";
import type { Memory } from "./memory.ts";
import type { Region } from "./region.ts";
import { plainOf } from "./weights.ts";

/** A constant vector of 32-bit words. */
export interface Vector {
  readonly region: Region;
  readonly bytes: number;
}

/** The vector of a plain weight. */
export function weightVector(weight: Weight): Vector {
  return { region: plainOf(weight), bytes: 4 * elementCount(weight.shape) };
}

/** The packs of one device; each is made once. */
export class VectorPacks {
  readonly #commands: Commands;
  readonly #memory: Memory;
  /** By the regions' ids. */
  readonly #packs = new Map<string, { readonly region: Region; readonly members: readonly Region[] }>();

  constructor(commands: Commands, memory: Memory) {
    this.#commands = commands;
    this.#memory = memory;
  }

  /** Vectors, one after the other. */
  get(vectors: readonly Vector[]): Region {
    const key = vectors.map(({ region }) => region.id).join();
    const known = this.#packs.get(key);
    if (known) return known.region;
    const pack = this.#memory.allocate("vectors", vectors.reduce((sum, { bytes }) => sum + bytes, 0));
    let end = 0;
    for (const { region, bytes } of vectors) {
      this.#commands.copy(region, 0, pack, end, bytes);
      end += bytes;
    }
    this.#packs.set(key, { region: pack, members: vectors.map(({ region }) => region) });
    return pack;
  }

  /** Takes out the packs that hold a weight with these buffers; the caller destroys what is returned. */
  remove(buffers: readonly GPUBuffer[]): GPUBuffer[] {
    const stale = [...this.#packs].filter(([, { members }]) =>
      members.some(({ buffer }) => buffers.includes(buffer))
    );
    stale.forEach(([key]) => this.#packs.delete(key));
    return stale.map(([, { region }]) => region.buffer);
  }
}
