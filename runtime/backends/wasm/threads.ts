/** @file Several threads on one shared memory: an instance here, one in each helper, and how large an op they share. */
import type { WasmExports } from "../../../wasm/pkg/exports.ts";
import { helperKind, startHelper } from "./helper.ts";
import { ThreadPool } from "./thread_pool.ts";

/** How many threads compute. */
export interface ThreadOptions {
  /** The caller's own included; `auto`: as many as pay, by measurement. @default {1} */
  readonly threads?: number | "auto";
  /** Multiply-adds from which on an op is shared; measured unless given, which then also settles the number of threads. */
  readonly leastWork?: number;
}

/** Most that `auto` tries: memory is the limit long before. */
const MOST_AUTO_THREADS = 16;

/** Pages of 64 KiB that the memory begins with: at least what the builds declare. */
const FIRST_PAGES = 32;

/** Pages that it may grow to; tried in turn, because some engines reserve the addresses. */
const MOST_PAGES = [65536, 32768, 16384];

/** How many threads to start, or why only one: `none` where no more are wanted. */
export function threadsToStart({ threads = 1 }: ThreadOptions): { count: number; obstacle: string | null } {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  const count = threads === "auto" ? Math.min(cores, MOST_AUTO_THREADS) : threads;
  const one = (obstacle: string | null): { count: number; obstacle: string | null } => ({
    count: 1,
    obstacle,
  });
  if (count === 1) return one(threads === 1 ? null : "the machine has one core");
  if (globalThis.crossOriginIsolated === false) return one("the page is not cross-origin isolated");
  if (typeof SharedArrayBuffer !== "function") return one("there is no SharedArrayBuffer here");
  if (helperKind() === null) return one("there are no workers here");
  return { count, obstacle: null };
}

/** An instance of a build for several threads, as yet without helpers. */
export async function openShared(
  module: WebAssembly.Module,
): Promise<{ kernels: WasmExports; memory: WebAssembly.Memory }> {
  const memory = sharedMemory();
  const imports = { "./kernels_bg.js": { memory, __wbindgen_init_externref_table(): void {} } };
  const { exports } = await WebAssembly.instantiate(module, imports);
  // wasm-bindgen's: the first call leaves this thread its stack, later ones give others theirs.
  (exports as unknown as { __wbindgen_start(stackBytes: number): void }).__wbindgen_start(0);
  return { kernels: { ...exports as unknown as WasmExports, memory }, memory };
}

/**
 * Starts helpers for an instance; all of them take part.
 *
 * @param count threads in all
 */
export async function startHelpers(
  { kernels, memory }: { kernels: WasmExports; memory: WebAssembly.Memory },
  module: WebAssembly.Module,
  count: number,
  { threads, leastWork }: ThreadOptions,
): Promise<ThreadPool> {
  const kind = helperKind()!;
  const started = Array.from(
    { length: count - 1 },
    (_, index) => startHelper(kind, { module, memory, index }),
  );
  const settled = await Promise.allSettled(started);
  const helpers = settled.flatMap((each) => each.status === "fulfilled" ? [each.value] : []);
  const pool = new ThreadPool(kernels, helpers, { leastWork, isFixed: threads !== "auto" });
  const failed = settled.find((each) => each.status === "rejected");
  if (failed === undefined) return pool;
  pool.close();
  throw failed.reason;
}

function sharedMemory(): WebAssembly.Memory {
  let failure: unknown;
  for (const maximum of MOST_PAGES) {
    try {
      return new WebAssembly.Memory({ initial: FIRST_PAGES, maximum, shared: true });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
