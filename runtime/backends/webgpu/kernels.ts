/** @file Compiled kernels: each text with each set of constants becomes a pipeline once. */
import type { KernelName, LibraryName } from "../../../kernels/sources.ts";
import { assembleShader, readInterface, type ShaderInterface } from "./shader.ts";
import type { GpuFeatures } from "./device.ts";
import { COMPUTE_STAGE } from "./gpu_constants.ts";

/** Which kernel: its file, the library files before it, and its override constants. */
export interface KernelChoice {
  readonly kernel: KernelName;
  readonly libraries?: readonly LibraryName[];
  readonly constants?: Readonly<Record<string, number>>;
}

/** A compiled kernel. */
export interface Kernel extends ShaderInterface {
  /** Unique on its device. */
  readonly id: number;
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** The kernels of one device. */
export class Kernels {
  readonly #device: GPUDevice;
  readonly #features: GpuFeatures;
  /** By the choice as it was made: spares assembling the text again. */
  readonly #choices = new Map<string, Kernel>();
  /** By final text and constants. */
  readonly #compiled = new Map<string, Kernel>();

  constructor(device: GPUDevice, features: GpuFeatures) {
    this.#device = device;
    this.#features = features;
  }

  /** The kernel of a choice, compiled on first use. A compilation error is a validation error of the device. */
  get(choice: KernelChoice): Kernel {
    const key = JSON.stringify([choice.kernel, choice.libraries, choice.constants]);
    let kernel = this.#choices.get(key);
    if (!kernel) {
      kernel = this.#compile(choice);
      this.#choices.set(key, kernel);
    }
    return kernel;
  }

  #compile({ kernel: label, libraries = [], constants = {} }: KernelChoice): Kernel {
    const text = assembleShader(label, libraries, this.#features);
    const key = JSON.stringify([text, constants]);
    const known = this.#compiled.get(key);
    if (known) return known;
    const shader = readInterface(text);
    const layout = this.#device.createBindGroupLayout({
      label,
      entries: shader.bindings.map(({ index, type }) => ({
        binding: index,
        visibility: COMPUTE_STAGE,
        buffer: { type },
      })),
    });
    const pipeline = this.#device.createComputePipeline({
      label,
      layout: this.#device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
      compute: {
        module: this.#device.createShaderModule({ label, code: text }),
        entryPoint: label,
        constants: { ...constants },
      },
    });
    const kernel: Kernel = { id: this.#compiled.size, label, pipeline, layout, ...shader };
    this.#compiled.set(key, kernel);
    return kernel;
  }
}
