/** @file GPU memory: tensors, weights' arrays, and scratch that lives from one op to the next. */
import { KernelError } from "../../errors.ts";
import type { Commands } from "./commands.ts";
import { BUFFER_USAGE } from "./gpu_constants.ts";
import type { Region } from "./region.ts";

const USAGE = BUFFER_USAGE.storage | BUFFER_USAGE.copyDst | BUFFER_USAGE.copySrc;

/** The buffers of one device. */
export class Memory {
  readonly #device: GPUDevice;
  readonly #commands: Commands;
  readonly #scratch = new Map<string, Region>();
  #nextId = 0;

  constructor(device: GPUDevice, commands: Commands) {
    this.#device = device;
    this.#commands = commands;
  }

  /**
   * Zero-filled memory that a kernel can bind whole.
   *
   * @throws {KernelError} where that is more than the device binds or allocates at once
   */
  allocate(label: string, bytes: number): Region {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#device.limits;
    const size = Math.max(16, Math.ceil(bytes / 4) * 4);
    const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    if (size > limit) {
      throw new KernelError(
        `Cannot allocate "${label}": it takes ${size} bytes, expected at most ${limit}, the device's limit`,
        "Use a shorter context, smaller chunks, f16 keys and values, or another backend",
      );
    }
    return this.region(this.#device.createBuffer({ label, size, usage: USAGE }), 0, size);
  }

  /** A buffer for several regions. */
  buffer(label: string, size: number): GPUBuffer {
    return this.#device.createBuffer({ label, size, usage: USAGE });
  }

  /** A byte range of a buffer. */
  region(buffer: GPUBuffer, offset: number, size: number): Region {
    return { id: this.#nextId++, buffer, offset, size };
  }

  /** Memory for a purpose, at least this large; its content lasts until the purpose's next use. */
  scratch(purpose: string, bytes: number): Region {
    const known = this.#scratch.get(purpose);
    if (known && known.size >= bytes) return known;
    if (known) this.destroy([known.buffer]);
    const region = this.allocate(purpose, 2 ** Math.ceil(Math.log2(Math.max(bytes, 4096))));
    this.#scratch.set(purpose, region);
    return region;
  }

  /** Destroys buffers after the commands added so far. */
  destroy(buffers: readonly GPUBuffer[]): void {
    this.#commands.release();
    buffers.forEach((buffer) => buffer.destroy());
  }
}
