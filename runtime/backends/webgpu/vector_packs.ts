/** @file Small constant vectors joined into one array, since a kernel may bind eight arrays at most. */
import type { Weight } from "../../backend.ts";
import { elementCount } from "../../tensor.ts";
import type { Commands } from "./commands.ts";
import type { Memory } from "./memory.ts";
import type { Region } from "./region.ts";
import { plainOf } from "./weights.ts";

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

  /** Plain weights, one after the other. */
  get(weights: readonly Weight[]): Region {
    const key = weights.map((weight) => plainOf(weight).id).join();
    const known = this.#packs.get(key);
    if (known) return known.region;
    const sizes = weights.map(({ shape }) => 4 * elementCount(shape));
    const region = this.#memory.allocate("vectors", sizes.reduce((a, b) => a + b, 0));
    let end = 0;
    weights.forEach((weight, i) => {
      this.#commands.copy(plainOf(weight), 0, region, end, sizes[i]);
      end += sizes[i];
    });
    this.#packs.set(key, { region, members: weights.map(plainOf) });
    return region;
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
