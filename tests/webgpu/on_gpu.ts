/** @file Tests that need a GPU: a real one, or an emulated one where REQUIRE_BACKENDS names webgpu. */
import type { DeviceOptions } from "../../runtime/backends/webgpu/device.ts";
import { openDevice } from "../../runtime/backends/webgpu/device.ts";
import { BackendUnavailableError } from "../../runtime/errors.ts";

const REQUIRED = (Deno.env.get("REQUIRE_BACKENDS") ?? "").split(",").includes("webgpu");

/** Where the tests' devices come from: Deno's own WebGPU, or Dawn where WEBGPU_DRIVER is "dawn". */
export const GPU_OPTIONS: DeviceOptions = {
  allowSoftware: REQUIRED,
  gpu: Deno.env.get("WEBGPU_DRIVER") === "dawn" ? (await import("webgpu")).create([]) : undefined,
};

/** Why there is no GPU here; null: there is. */
const ABSENCE = await openDevice(GPU_OPTIONS).then(({ device }) => {
  device.destroy();
  return null;
}, (error: unknown) => {
  if (error instanceof BackendUnavailableError) return error.message;
  throw error;
});

/** Registers a test that opens devices with `options`. Without a GPU it is ignored, with the reason in its name, or fails where one is required. */
export function gpuTest(name: string, body: (options: DeviceOptions) => Promise<void>): void {
  const ignore = ABSENCE !== null && !REQUIRED;
  Deno.test({ name: ignore ? `${name} (${ABSENCE})` : name, ignore, fn: () => body(GPU_OPTIONS) });
}
