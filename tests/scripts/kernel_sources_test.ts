import { assertEquals } from "@std/assert";
import { kernelSourcesModule } from "../../scripts/kernel_sources.ts";

Deno.test("kernelSourcesModule gives every WGSL file's text back unchanged", async () => {
  const folder = await Deno.makeTempDir();
  const text = "// `quoted` \\ ${not} $plain\nfn f() {}\n";
  try {
    await Deno.mkdir(`${folder}/_lib`);
    await Deno.writeTextFile(`${folder}/ssm_scan.wgsl`, text);
    await Deno.writeTextFile(`${folder}/_lib/silu.wgsl`, "fn silu() {}\n");
    await Deno.writeTextFile(`${folder}/sources.ts`, await kernelSourcesModule(new URL(`file://${folder}/`)));
    const { KERNEL_SOURCES, LIBRARY_SOURCES } = await import(`file://${folder}/sources.ts`);
    assertEquals(KERNEL_SOURCES, { ssm_scan: text });
    assertEquals(LIBRARY_SOURCES, { silu: "fn silu() {}\n" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
