/**
 * @file The command stream: ops add dispatches and copies in call order to one encoder and, as far as they go, one pass;
 * nothing reaches the GPU before `flush`.
 */
import { KernelError } from "../../errors.ts";
import type { Kernel, KernelChoice, Kernels } from "./kernels.ts";
import type { Region } from "./region.ts";
import { Uniforms, type UniformSlot } from "./uniforms.ts";

/** One run of a kernel. */
export interface Dispatch extends KernelChoice {
  /** Memory for each storage binding, by its name in camelCase. Names that this variant does not declare are passed over. */
  readonly resources: Readonly<Record<string, Region>>;
  /** Fields of `struct Params`, by their names in camelCase. */
  readonly params: Readonly<Record<string, number>>;
  /** Workgroups in x, y and z. */
  readonly grid: readonly [number, number?, number?];
}

/** A dispatch ready to be encoded. */
export interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Bind groups kept at most. */
const MAX_BIND_GROUPS = 16384;

/** The commands of one device that are not submitted yet. */
export class Commands {
  readonly #device: GPUDevice;
  readonly #kernels: Kernels;
  readonly #uniforms: Uniforms;
  /** By kernel, parameters and regions. */
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #dispatches = 0;
  #generation = 0;
  /** Collects steps while {@linkcode Commands.record} runs. */
  #recording: Step[] | null = null;

  constructor(device: GPUDevice, kernels: Kernels) {
    this.#device = device;
    this.#kernels = kernels;
    this.#uniforms = new Uniforms(device);
  }

  /** Kernels run so far. */
  get dispatches(): number {
    return this.#dispatches;
  }

  /** Changes when bind groups, and steps with them, become invalid. */
  get generation(): number {
    return this.#generation;
  }

  /** Adds a run of a kernel. */
  run(dispatch: Dispatch): void {
    if (this.#uniforms.full) this.#clearCaches();
    const kernel = this.#kernels.get(dispatch);
    const slot = this.#uniforms.slot(kernel, dispatch.params);
    const bindGroup = this.#bindGroup(kernel, slot, dispatch.resources);
    const [x, y = 1, z = 1] = dispatch.grid;
    const step: Step = { pipeline: kernel.pipeline, bindGroup, x, y, z };
    this.#encode(step);
    this.#recording?.push(step);
  }

  /** The steps that `work` adds, which it does. */
  record(work: () => void): readonly Step[] {
    const steps: Step[] = [];
    this.#recording = steps;
    try {
      work();
    } finally {
      this.#recording = null;
    }
    return steps;
  }

  /** Adds steps again that were recorded in this generation. */
  repeat(steps: readonly Step[]): void {
    for (let i = 0; i < steps.length; i++) this.#encode(steps[i]);
  }

  #encode({ pipeline, bindGroup, x, y, z }: Step): void {
    const pass = this.#pass ??= this.#open().beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(x, y, z);
    this.#dispatches++;
  }

  /** Adds a copy of bytes between regions; all three numbers are multiples of 4. */
  copy(from: Region, fromOffset: number, to: Region, toOffset: number, size: number): void {
    this.#copy(from, fromOffset, to.buffer, to.offset + toOffset, size);
  }

  /** Adds a copy of bytes to the start of a staging buffer; offset and size are multiples of 4. */
  copyOut(from: Region, fromOffset: number, staging: GPUBuffer, size: number): void {
    this.#copy(from, fromOffset, staging, 0, size);
  }

  /** Writes bytes, after everything added so far; offset and length are multiples of 4. */
  write(to: Region, offset: number, bytes: Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
    this.flush();
    this.#device.queue.writeBuffer(to.buffer, to.offset + offset, bytes);
  }

  /** Submits what was added. */
  flush(): void {
    if (!this.#encoder) return;
    this.#endPass();
    const commands = this.#encoder.finish();
    this.#encoder = null;
    this.#device.queue.submit([commands]);
  }

  /** Submits what was added and forgets the bind groups, so that buffers may be destroyed. */
  release(): void {
    this.flush();
    this.#bindGroups.clear();
    this.#generation++;
  }

  #copy(from: Region, fromOffset: number, to: GPUBuffer, toOffset: number, size: number): void {
    this.#endPass();
    this.#open().copyBufferToBuffer(from.buffer, from.offset + fromOffset, to, toOffset, size);
  }

  #open(): GPUCommandEncoder {
    return this.#encoder ??= this.#device.createCommandEncoder();
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  #clearCaches(): void {
    this.release();
    this.#uniforms.clear();
  }

  #bindGroup(kernel: Kernel, slot: UniformSlot, resources: Dispatch["resources"]): GPUBindGroup {
    let key = `${kernel.id},${slot.id}`;
    for (const { name, type } of kernel.bindings) {
      if (type !== "uniform") key += `,${resources[name]?.id}`;
    }
    let bindGroup = this.#bindGroups.get(key);
    if (!bindGroup) {
      if (this.#bindGroups.size >= MAX_BIND_GROUPS) this.#bindGroups.clear();
      bindGroup = this.#createBindGroup(kernel, slot, resources);
      this.#bindGroups.set(key, bindGroup);
    }
    return bindGroup;
  }

  #createBindGroup(kernel: Kernel, slot: UniformSlot, resources: Dispatch["resources"]): GPUBindGroup {
    checkResources(kernel, resources);
    return this.#device.createBindGroup({
      label: kernel.label,
      layout: kernel.layout,
      entries: kernel.bindings.map(({ index, name, type }) => {
        if (type === "uniform") return { binding: index, resource: slot.binding };
        const { buffer, offset, size } = resources[name];
        return { binding: index, resource: { buffer, offset, size } };
      }),
    });
  }
}

/** Every binding has memory, and what is written is bound once: WebGPU leaves the rest to each implementation. */
function checkResources({ label, bindings }: Kernel, resources: Dispatch["resources"]): void {
  const storage = bindings.filter(({ type }) => type !== "uniform");
  for (const { name, type } of storage) {
    const buffer = resources[name]?.buffer;
    if (!buffer) throw fail(label, `binding "${name}" has no memory`, "a region for each binding");
    const sharing = storage.filter((other) => resources[other.name]?.buffer === buffer).length;
    if (type === "storage" && sharing > 1) {
      throw fail(label, `"${name}" is written and bound ${sharing} times`, "a buffer of its own");
    }
  }
}

function fail(kernel: string, is: string, expected: string): KernelError {
  return new KernelError(
    `Cannot run kernel "${kernel}": ${is}, expected ${expected}`,
    "Keep what an op reads and what it writes in tensors of their own",
  );
}
