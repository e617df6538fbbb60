/** @file The linear memory of one WebAssembly instance: who holds which bytes, and views of them. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import { KernelError } from "../../errors.ts";

/** Where one allocation ends on a 32-bit machine, less room to round sizes up. */
export const MOST_BYTES = 2 ** 31 - 2 ** 20;

/** Bytes that one owner holds in linear memory, until it gives them back. */
export class Region {
  readonly byteLength: number;
  /** Whether f16 in it are known to be finite, which lets a kernel read them faster. Whoever writes others says so. */
  isFinite = true;
  #pointer: number;

  /** For {@linkcode LinearMemory} and the weights only. */
  constructor(pointer: number, byteLength: number) {
    this.#pointer = pointer;
    this.byteLength = byteLength;
  }

  /**
   * Address of the first byte.
   *
   * @throws {KernelError} when the region was freed
   */
  get pointer(): number {
    if (this.#pointer === 0) {
      throw new KernelError(
        "Cannot use memory: it was freed, expected memory in use",
        "Use a tensor, weight or session no longer than until it is freed, released or disposed of",
      );
    }
    return this.#pointer;
  }

  /** Marks it as freed and returns the address it had. */
  forget(): number {
    const pointer = this.pointer;
    this.#pointer = 0;
    return pointer;
  }
}

/** Allocation, and views, which are made anew each time because growing the memory detaches old ones. */
export class LinearMemory {
  readonly #kernels: WasmExports;
  readonly #live = new Set<Region>();
  readonly #scratch = new Map<string, Region>();
  #isDisposed = false;

  constructor(kernels: WasmExports) {
    this.#kernels = kernels;
  }

  /** Bytes held by all owners. */
  get heldBytes(): number {
    let sum = 0;
    for (const region of this.#live) sum += region.byteLength;
    return sum;
  }

  /**
   * Zero-filled bytes, on a cache line's boundary.
   *
   * @param owner what to call it in an error
   * @throws {KernelError} when the memory cannot grow that far (4 GiB in all at most)
   */
  allocate(owner: string, byteLength: number): Region {
    const fits = byteLength < MOST_BYTES;
    return this.adopt(owner, fits ? this.#kernels.allocate(Math.max(byteLength, 1)) : 0, byteLength);
  }

  /** Keeps account of bytes at `pointer` that a kernel allocated; 0 stands for its failure. Errors as `allocate`. */
  adopt(owner: string, pointer: number, byteLength: number): Region {
    if (this.#isDisposed) {
      throw new KernelError(
        `Cannot allocate ${owner}: the backend was disposed of, expected a backend in use`,
        "Open another backend",
      );
    }
    if (pointer === 0) {
      const total = this.#kernels.memory.buffer.byteLength;
      throw new KernelError(
        `Cannot allocate ${owner}: WebAssembly's memory of ${total} bytes cannot grow by ${byteLength}, expected at most ` +
          `4 GiB in all and 2 GiB at once`,
        "Use a smaller quantization, a shorter context or fewer sessions, or free what is not in use",
      );
    }
    const region = new Region(pointer >>> 0, byteLength);
    this.#live.add(region);
    return region;
  }

  /** Gives back what `allocate` returned. */
  free(region: Region): void {
    this.#kernels.deallocate(this.disown(region), Math.max(region.byteLength, 1));
  }

  /** Ends the account of what `adopt` returned; the caller frees it at the address returned. */
  disown(region: Region): number {
    this.#live.delete(region);
    return region.forget();
  }

  /** At least `byteLength` bytes that keep their content until the next call with the same purpose. */
  scratch(purpose: string, byteLength: number): number {
    const old = this.#scratch.get(purpose);
    if (old && old.byteLength >= byteLength) return old.pointer;
    if (old) this.free(old);
    this.#scratch.delete(purpose);
    const region = this.allocate(`scratch for ${purpose}`, byteLength);
    this.#scratch.set(purpose, region);
    return region.pointer;
  }

  /** Forgets everything: whatever is used afterwards throws. */
  dispose(): void {
    this.#isDisposed = true;
    for (const region of this.#live) region.forget();
    this.#live.clear();
    this.#scratch.clear();
  }

  /** The bytes at an address; dead after the next allocation. */
  bytes(pointer: number, byteLength: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#kernels.memory.buffer as ArrayBuffer, pointer, byteLength);
  }

  /** `length` f32 at an address; dead after the next allocation. */
  f32(pointer: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#kernels.memory.buffer as ArrayBuffer, pointer, length);
  }

  /** `length` u32 at an address; dead after the next allocation. */
  u32(pointer: number, length: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#kernels.memory.buffer as ArrayBuffer, pointer, length);
  }
}
