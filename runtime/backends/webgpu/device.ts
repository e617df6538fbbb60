/** @file Finds a GPU and opens a device on it with as much as it grants. Which GPU and what it can do is the report's. */
import { BackendUnavailableError } from "../../errors.ts";
import { paced } from "./paced_polls.ts";

/** What the kernels may use on a device. */
export interface GpuFeatures {
  /** Subgroup operations are granted. */
  readonly subgroups: boolean;
  /** WGSL has to ask for subgroups in an `enable` line: the standard does, Deno's compiler refuses the line. */
  readonly subgroupsLine: boolean;
}

/** Which GPU it is, as far as it tells. */
export interface AdapterReport {
  /** Its maker, such as `nvidia`; numbers where the platform translates none. */
  readonly vendor: string;
  /** Its family, such as `hopper`; often empty. */
  readonly architecture: string;
  /** Its identifier with the maker; often empty. */
  readonly device: string;
  /** Its name as the driver gives it; often empty. */
  readonly description: string;
  /** The GPU is emulated on the CPU. */
  readonly software: boolean;
}

/** An open device. */
export interface OpenedDevice {
  /** Where the device comes from; Dawn's is to be kept as long as the device is used. */
  readonly gpu: GPU;
  readonly device: GPUDevice;
  readonly adapter: AdapterReport;
  readonly features: GpuFeatures;
}

/** Options of {@linkcode openDevice}. */
export interface DeviceOptions {
  /** Where adapters come from; the platform's `navigator.gpu` unless given. */
  readonly gpu?: GPU;
  /** Take an adapter that is emulated on the CPU, too. For tests. */
  readonly allowSoftware?: boolean;
  /** Use subgroup operations where granted; true unless given. */
  readonly subgroups?: boolean;
}

/** Names under which CPU implementations of Vulkan, OpenGL and Direct3D show up. */
const SOFTWARE_ADAPTERS = /llvmpipe|lavapipe|swiftshader|softpipe|basic render/i;

/** WGSL language feature with `dot4I8Packed` and its kin. */
const INTEGER_DOT = "packed_4x8_integer_dot_product";

/**
 * Opens the fastest adapter's device with its largest buffers.
 *
 * @throws {BackendUnavailableError} where there is no WebGPU, no adapter, only a software one that was not asked for, or too old a language
 */
export async function openDevice(options: DeviceOptions = {}): Promise<OpenedDevice> {
  const gpu = options.gpu ?? platformGpu();
  const first = await requestAdapter(gpu);
  const adapter = reportOf(first);
  if (adapter.software && !options.allowSoftware) {
    throw new BackendUnavailableError(
      `Cannot use WebGPU: the only adapter is "${adapter.description}", expected a GPU that is not emulated on the CPU`,
      'Use backend "wasm", which is faster than an emulated GPU',
    );
  }
  checkLanguage(gpu);
  const listed = first.features.has("subgroups" as GPUFeatureName);
  const device = options.subgroups === false
    ? await requestDevice(first, [])
    : await requestSubgroups(gpu, first, listed);
  const subgroups = device.features.has("subgroups" as GPUFeatureName);
  return { gpu, device, adapter, features: { subgroups, subgroupsLine: listed } };
}

function platformGpu(): GPU {
  const gpu = globalThis.navigator?.gpu;
  if (gpu) return gpu;
  throw new BackendUnavailableError(
    "Cannot use WebGPU: navigator.gpu is missing, expected a platform with WebGPU",
    'Use backend "wasm", or pass a GPU object in the option "gpu"',
  );
}

/** Products with quantised weights are made four at a time. */
function checkLanguage(gpu: GPU): void {
  if (gpu.wgslLanguageFeatures.has(INTEGER_DOT)) return;
  throw new BackendUnavailableError(
    `Cannot use WebGPU: its shading language lacks "${INTEGER_DOT}", expected that feature`,
    'Update the browser or runtime, or use backend "wasm"',
  );
}

async function requestAdapter(gpu: GPU): Promise<GPUAdapter> {
  const adapter = await paced(() => gpu.requestAdapter({ powerPreference: "high-performance" }));
  if (adapter) return adapter;
  throw new BackendUnavailableError(
    "Cannot use WebGPU: no adapter was found, expected one",
    'Install a Vulkan, Metal or Direct3D 12 driver, or use backend "wasm"',
  );
}

/**
 * Deno grants subgroups without listing them, so they are asked for either way. An adapter gives one device, and a refusal
 * may use it up: the second try is made on a fresh one.
 */
async function requestSubgroups(gpu: GPU, adapter: GPUAdapter, listed: boolean): Promise<GPUDevice> {
  try {
    return await requestDevice(adapter, ["subgroups" as GPUFeatureName]);
  } catch (error) {
    if (listed) throw error;
    return await requestDevice(await requestAdapter(gpu), []);
  }
}

async function requestDevice(adapter: GPUAdapter, requiredFeatures: GPUFeatureName[]): Promise<GPUDevice> {
  const { maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupStorageSize } = adapter.limits;
  try {
    return await paced(() =>
      adapter.requestDevice({
        requiredFeatures,
        requiredLimits: { maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupStorageSize },
      })
    );
  } catch (cause) {
    throw new BackendUnavailableError(
      `Cannot use WebGPU: the adapter refuses a device (${
        cause instanceof Error ? cause.message : cause
      }), expected one`,
      'Use backend "wasm"',
      { cause },
    );
  }
}

function reportOf(adapter: GPUAdapter): AdapterReport {
  const { vendor, architecture, device, description } = adapter.info;
  const named = SOFTWARE_ADAPTERS.test([vendor, architecture, device, description].join(" "));
  const software = named || adapter.info.isFallbackAdapter === true;
  return { vendor, architecture, device, description, software };
}
