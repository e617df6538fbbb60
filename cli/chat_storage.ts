/** @file Files of saved conversations. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { WeightsError } from "../runtime/errors.ts";

/**
 * Writes a file beside its place and moves it there: a failure leaves the old one whole.
 *
 * @throws {WeightsError} where it cannot be written
 */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  try {
    await writeFile(part, bytes, { flag: "wx" });
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => {}); // the first failure is the one to tell of
    throw new WeightsError(
      `Cannot write "${path}": ${(cause as Error).message}, expected a writable place`,
      "Check the folder, its permissions (in Deno: --allow-write) and the free space",
      { cause },
    );
  }
}

/**
 * Reads a file.
 *
 * @throws {WeightsError} where it cannot be read
 */
export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path)); // a copy: a Buffer's own slice() shares memory
  } catch (cause) {
    throw new WeightsError(
      `Cannot open "${path}": ${(cause as Error).message}, expected a readable file`,
      "Check that the file is there and may be read (in Deno: --allow-read)",
      { cause },
    );
  }
}
