/** @file A kernel's final WGSL text, and what its declarations say: bindings and parameters are read from it, never restated. */
import {
  KERNEL_SOURCES,
  type KernelName,
  LIBRARY_SOURCES,
  type LibraryName,
} from "../../../kernels/sources.ts";
import { KernelError } from "../../errors.ts";
import type { GpuFeatures } from "./device.ts";

/** One `@group(0)` declaration. */
export interface ShaderBinding {
  readonly index: number;
  /** The variable's name, in camelCase. */
  readonly name: string;
  readonly type: GPUBufferBindingType;
}

/** One field of `struct Params`: four bytes, in order. */
export interface ShaderParam {
  /** The field's name, in camelCase. */
  readonly name: string;
  readonly type: "u32" | "f32";
}

/** What a kernel's text declares. */
export interface ShaderInterface {
  readonly bindings: readonly ShaderBinding[];
  readonly params: readonly ShaderParam[];
}

const BINDING = /@group\(0\) @binding\((\d+)\) var<(storage, read|storage, read_write|uniform)> (\w+):/g;
const BINDING_TYPES: Readonly<Record<string, GPUBufferBindingType>> = {
  "storage, read": "read-only-storage",
  "storage, read_write": "storage",
  "uniform": "uniform",
};

/** The text of a kernel: the `enable` line where the compiler wants it, the library files, the kernel itself. */
export function assembleShader(
  kernel: KernelName,
  libraries: readonly LibraryName[],
  features: GpuFeatures,
): string {
  const body = [...libraries.map((name) => LIBRARY_SOURCES[name]), KERNEL_SOURCES[kernel]].join("\n");
  return features.subgroups && features.subgroupsLine ? `enable subgroups;\n${body}` : body;
}

/**
 * The bindings and parameters that a text declares.
 *
 * @throws {KernelError} where two declarations claim one binding
 */
export function readInterface(text: string): ShaderInterface {
  const bindings = [...text.matchAll(BINDING)].map(([, index, type, name]) => ({
    index: Number(index),
    name: camelCase(name),
    type: BINDING_TYPES[type],
  }));
  if (new Set(bindings.map(({ index }) => index)).size !== bindings.length) {
    const names = bindings.map(({ index, name }) => `${index} ${name}`).join(", ");
    throw new KernelError(
      `Cannot read a shader's bindings: they are ${names}, expected distinct numbers`,
      "Give each @group(0) variable of the kernel and its library files a number of its own",
    );
  }
  const fields = /struct Params \{([^}]*)\}/.exec(text)?.[1] ?? "";
  const params = [...fields.matchAll(/(\w+): (u32|f32),/g)].map(([, name, type]) => ({
    name: camelCase(name),
    type: type as ShaderParam["type"],
  }));
  return { bindings, params };
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
