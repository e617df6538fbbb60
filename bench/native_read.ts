/** @file Compiles and runs native_read.c, where there is a C compiler. */

/** From one end to the other, or four distant parts side by side, which keeps more reads in flight. */
export type Streams = 1 | 4;

/** The compiled program, in a folder of its own until it is disposed. */
export class NativeRead implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Compiles the program; null where gcc is missing. */
  static async compile(): Promise<NativeRead | null> {
    const folder = await Deno.makeTempDir();
    const source = new URL("native_read.c", import.meta.url).pathname;
    const args = ["-O3", "-march=native", source, "-o", `${folder}/native_read`];
    const compiled = await new Deno.Command("gcc", { args }).output().catch(() => null);
    const program = new NativeRead(folder);
    if (compiled?.success) return program;
    await program[Symbol.asyncDispose]();
    return null;
  }

  /** Bytes per second that one thread reads of a buffer of `bytes`, the median pass of some `milliseconds`. */
  async rate(bytes: number, milliseconds = 300, streams: Streams = 4): Promise<number> {
    const command = new Deno.Command(`${this.#folder}/native_read`, {
      args: [String(bytes), String(milliseconds), String(streams)],
    });
    const { stdout } = await command.output();
    const [, median] = new TextDecoder().decode(stdout).trim().split(" ").map(Number);
    return median;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Bytes per second that one native thread reads of a buffer of `bytes`, the median pass; null where gcc is missing. */
export async function nativeReadRate(bytes: number): Promise<number | null> {
  await using program = await NativeRead.compile();
  return program === null ? null : await program.rate(bytes);
}
