/** @file Compiles and runs native_read.c, where there is a C compiler. */

/** Bytes per second that one native thread reads of a buffer of `bytes`, the median pass; null where gcc is missing. */
export async function nativeReadRate(bytes: number, milliseconds = 300): Promise<number | null> {
  const folder = await Deno.makeTempDir();
  const program = `${folder}/native_read`;
  try {
    const source = new URL("native_read.c", import.meta.url).pathname;
    const compiler = new Deno.Command("gcc", { args: ["-O3", "-march=native", source, "-o", program] });
    const compiled = await compiler.output().catch(() => null);
    if (compiled === null || !compiled.success) return null;
    const { stdout } = await new Deno.Command(program, { args: [String(bytes), String(milliseconds)] })
      .output();
    const [, median] = new TextDecoder().decode(stdout).trim().split(" ").map(Number);
    return median;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
