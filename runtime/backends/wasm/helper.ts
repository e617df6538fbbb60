/**
 * @file A thread that helps with the ops of one linear memory. Its program is text, started through `node:worker_threads` where a
 * runtime has that (Deno, Node, Bun), since such a thread does not keep a process alive, else as a blob's Worker. Neither needs a
 * permission, a file or a fetch.
 */

/** What a helper is given. */
export interface HelperSetup {
  /** A build for several threads. */
  readonly module: WebAssembly.Module;
  /** The memory of the instance that gives out jobs. */
  readonly memory: WebAssembly.Memory;
  /** Which helper it is, from 0. */
  readonly index: number;
}

/** A running helper. */
export interface Helper {
  /** Ends it at once, whatever it does. */
  terminate(): void;
}

/** How threads can be started: see the file's header. */
export type HelperKind = "node" | "web";

/** What `node:worker_threads` has that is used here. */
interface NodeThreads {
  readonly Worker: new (source: string, options: { eval: true }) => {
    on(event: "message" | "error", listener: (value: unknown) => void): void;
    postMessage(value: HelperSetup): void;
    terminate(): Promise<unknown>;
    unref(): void;
  };
}

/** Bytes of a helper's stack. */
const STACK_BYTES = 1 << 20;

/** Joins the pool, says so, and serves until it is stopped. A helper that fails says so too, since the others cannot see it. */
const PROGRAM = `({ module, memory, index }, post) => {
  const imports = { "./kernels_bg.js": { memory, __wbindgen_init_externref_table() {} } };
  const { exports } = new WebAssembly.Instance(module, imports);
  exports.__wbindgen_start(${STACK_BYTES});
  exports.pool_join(index);
  post("joined");
  try {
    exports.pool_serve(index);
  } catch (error) {
    exports.pool_break();
    throw error;
  }
}`;

const NODE_PROGRAM = `const { parentPort } = require("node:worker_threads");
parentPort.once("message", (setup) => {
  (${PROGRAM})(setup, (text) => parentPort.postMessage(text));
});`;

const WEB_PROGRAM = `self.onmessageerror = () => {
  throw new Error("the memory cannot be shared with it");
};
self.onmessage = ({ data }) => {
  (${PROGRAM})(data, (text) => postMessage(text));
};`;

function nodeThreads(): NodeThreads | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => NodeThreads | undefined };
  };
  return process?.getBuiltinModule?.("node:worker_threads");
}

/** How threads can be started here; null: not at all. */
export function helperKind(): HelperKind | null {
  if (nodeThreads()) return "node";
  return typeof Worker === "function" ? "web" : null;
}

/** Starts a helper; resolves when it has joined the pool, rejects where it cannot start. */
export function startHelper(kind: HelperKind, setup: HelperSetup): Promise<Helper> {
  return kind === "node" ? startNodeHelper(setup) : startWebHelper(setup);
}

function startNodeHelper(setup: HelperSetup): Promise<Helper> {
  return new Promise((resolve, reject) => {
    const { Worker } = nodeThreads()!;
    const worker = new Worker(NODE_PROGRAM, { eval: true });
    worker.on("message", () => {
      worker.unref();
      resolve({ terminate: () => void worker.terminate() });
    });
    worker.on("error", reject);
    worker.postMessage(setup);
  });
}

function startWebHelper(setup: HelperSetup): Promise<Helper> {
  const url = URL.createObjectURL(new Blob([WEB_PROGRAM], { type: "text/javascript" }));
  const started = new Promise<Helper>((resolve, reject) => {
    const worker = new Worker(url, { type: "module" });
    worker.onmessage = () => resolve({ terminate: () => worker.terminate() });
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message || "the worker's script is refused"));
    };
    worker.postMessage(setup);
  });
  return started.finally(() => URL.revokeObjectURL(url));
}
