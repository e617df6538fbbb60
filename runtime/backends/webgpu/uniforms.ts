/**
 * @file Kernel parameters in uniform memory, kept by content: an op called again with the same shapes finds its parameters
 * where they are, so a decode step writes none at all.
 */
import { KernelError } from "../../errors.ts";
import { BUFFER_USAGE } from "./gpu_constants.ts";
import type { Kernel } from "./kernels.ts";

/** Parameters in uniform memory. */
export interface UniformSlot {
  /** Unique since the last {@linkcode Uniforms.clear}. */
  readonly id: number;
  readonly binding: GPUBufferBinding;
}

const PAGE_BYTES = 65536;
/** Pages kept at most: 16 MiB. */
const MAX_PAGES = 256;

/** The parameters of all kernels of one device. */
export class Uniforms {
  readonly #device: GPUDevice;
  readonly #alignment: number;
  readonly #slots = new Map<string, UniformSlot>();
  #pages: GPUBuffer[] = [];
  #used = PAGE_BYTES;
  readonly #words = new Uint32Array(64);
  readonly #floats = new Float32Array(this.#words.buffer);

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#alignment = device.limits.minUniformBufferOffsetAlignment;
  }

  /** Time to {@linkcode Uniforms.clear}: too much is kept. */
  get full(): boolean {
    return this.#pages.length >= MAX_PAGES;
  }

  /**
   * The slot that holds these parameters of a kernel.
   *
   * @throws {KernelError} where a parameter is missing
   */
  slot(kernel: Kernel, values: Readonly<Record<string, number>>): UniformSlot {
    const { params } = kernel;
    for (let i = 0; i < params.length; i++) {
      const { name, type } = params[i];
      const value = values[name];
      if (value === undefined) throw missing(kernel.label, name);
      if (type === "f32") this.#floats[i] = value;
      else this.#words[i] = value;
    }
    const content = this.#words.subarray(0, params.length);
    const key = content.join();
    let slot = this.#slots.get(key);
    if (!slot) {
      slot = this.#write(content);
      this.#slots.set(key, slot);
    }
    return slot;
  }

  /** Forgets everything. No command that uses a slot may be unsubmitted, and no bind group with one may be used again. */
  clear(): void {
    this.#pages.forEach((page) => page.destroy());
    this.#pages = [];
    this.#used = PAGE_BYTES;
    this.#slots.clear();
  }

  #write(content: Uint32Array<ArrayBuffer>): UniformSlot {
    const size = Math.ceil(content.length / 4) * 16;
    const step = Math.ceil(size / this.#alignment) * this.#alignment;
    if (this.#used + step > PAGE_BYTES) {
      const usage = BUFFER_USAGE.uniform | BUFFER_USAGE.copyDst;
      this.#pages.push(this.#device.createBuffer({ label: "params", size: PAGE_BYTES, usage }));
      this.#used = 0;
    }
    const buffer = this.#pages[this.#pages.length - 1];
    this.#device.queue.writeBuffer(buffer, this.#used, content);
    const slot = { id: this.#slots.size, binding: { buffer, offset: this.#used, size } };
    this.#used += step;
    return slot;
  }
}

function missing(kernel: string, name: string): KernelError {
  return new KernelError(
    `Cannot run kernel "${kernel}": parameter "${name}" is missing, expected a number`,
    "Pass every field of the kernel's struct Params, in camelCase",
  );
}
