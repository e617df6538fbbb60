/** Every shader under both compilers that users meet: naga (Deno, Firefox) and Tint (Chrome; here Dawn without a driver). */
import { assertEquals } from "@std/assert";
import { create } from "webgpu";
import { KERNEL_SOURCES, LIBRARY_SOURCES } from "../../kernels/sources.ts";
import { openDevice, type OpenedDevice } from "../../runtime/backends/webgpu/device.ts";
import { Kernels } from "../../runtime/backends/webgpu/kernels.ts";
import { gpuTest } from "./on_gpu.ts";
import { variants } from "./variants.ts";

/** Compiles every variant; the failures, one text each. */
async function failures({ device, features }: OpenedDevice): Promise<string[]> {
  const kernels = new Kernels(device, features);
  const found: string[] = [];
  for (const variant of variants(features.subgroups)) {
    device.pushErrorScope("validation");
    kernels.get(variant);
    const error = await device.popErrorScope();
    if (error) found.push(`${JSON.stringify(variant)}: ${error.message}`);
  }
  return found;
}

for (const subgroups of [true, false]) {
  const how = subgroups ? "with subgroups" : "without subgroups";

  Deno.test(`Kernels.get compiles every variant in Tint, ${how}`, async () => {
    const gpu = create(["backend=null"]);
    const opened = await openDevice({ gpu, allowSoftware: true, subgroups });
    assertEquals(opened.features, { subgroups, subgroupsLine: true });
    assertEquals(await failures(opened), []);
    opened.device.destroy();
  });

  gpuTest(`Kernels.get compiles every variant in naga, ${how}`, async (options) => {
    const opened = await openDevice({ ...options, subgroups });
    assertEquals(await failures(opened), []);
    opened.device.destroy();
  });
}

Deno.test("variants name every kernel and every library file", () => {
  const all = [...variants(true), ...variants(false)];
  const kernels = new Set<string>(all.map(({ kernel }) => kernel));
  const libraries = new Set<string>(all.flatMap(({ libraries = [] }) => libraries));
  assertEquals([...kernels].sort(), Object.keys(KERNEL_SOURCES).sort());
  assertEquals([...libraries].sort(), Object.keys(LIBRARY_SOURCES).sort());
});
