/** @file Rotation angles: one table for the positions of a step, which all layers share. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import type { LinearMemory, Region } from "./memory.ts";

/** The angles of one set of frequencies. */
export class RopeAngles {
  readonly headDim: number;
  readonly #kernels: WasmExports;
  readonly #memory: LinearMemory;
  readonly #frequencies: Region;
  /** `[count, headDim]` f32: cosines and sines for positions first .. first + count. */
  #table: { readonly region: Region; first: number; count: number };

  constructor(kernels: WasmExports, memory: LinearMemory, inverseFrequencies: Float64Array) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.headDim = 2 * inverseFrequencies.length;
    this.#frequencies = memory.allocate("rope frequencies", inverseFrequencies.byteLength);
    memory.bytes(this.#frequencies.pointer, inverseFrequencies.byteLength)
      .set(new Uint8Array(inverseFrequencies.slice().buffer));
    this.#table = { region: this.#allocate(1), first: 0, count: 0 };
  }

  /** Address of the angles for `l` positions from `position` on. */
  at(position: number, l: number): number {
    const table = this.#table;
    if (position < table.first || position + l > table.first + table.count) this.#fill(position, l);
    return this.#table.region.pointer + (position - this.#table.first) * this.headDim * 4;
  }

  #allocate(rows: number): Region {
    return this.#memory.allocate("rope angles", rows * this.headDim * 4);
  }

  #fill(position: number, l: number): void {
    let { region } = this.#table;
    if (region.byteLength < l * this.headDim * 4) {
      this.#memory.free(region);
      region = this.#allocate(l);
    }
    this.#kernels.rope_angles(this.#frequencies.pointer, this.headDim / 2, position, l, region.pointer);
    this.#table = { region, first: position, count: l };
  }
}
