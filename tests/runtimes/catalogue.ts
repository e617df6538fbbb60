/** @file The runtimes that must run the module, which of them are installed, and what makes their absence a failure. */

/** A runtime that comes as an npm package. */
export interface PackagedRuntime {
  /** What REQUIRE_RUNTIMES calls it. */
  readonly name: string;
  /** Its npm package with an exact version. */
  readonly package: string;
  /** Its program, in node_modules. */
  readonly program: string;
}

const MACHINE = `${Deno.build.os}-${Deno.build.arch === "aarch64" ? "arm64" : "x64"}`;
/** Name of Node's package for this machine. */
const NODE = `node-${MACHINE}`;
/** Deno itself: `.bin/deno` is a script that starts it, and that dies without ending it. */
const DENO = `@deno/${MACHINE}${Deno.build.os === "linux" ? "-glibc" : ""}/deno`;

/** The oldest and newest of each that we promise; Deno 2.5.0 is what Deno Deploy runs. */
export const PACKAGED_RUNTIMES: readonly PackagedRuntime[] = [
  { name: "deno2.5", package: "deno@2.5.0", program: DENO },
  { name: "node22", package: `${NODE}@22.23.3`, program: ".bin/node" },
  { name: "node24", package: `${NODE}@24.21.0`, program: ".bin/node" },
  { name: "bun", package: "bun@1.4.5", program: ".bin/bun" },
  { name: "workerd", package: "workerd@1.20261117.1", program: ".bin/workerd" },
];

/** Names that REQUIRE_RUNTIMES, a comma-separated list, holds: their absence fails the tests. */
const REQUIRED = new Set((Deno.env.get("REQUIRE_RUNTIMES") ?? "").split(",").map((name) => name.trim()));

/** Where `deno task install:runtimes` puts a runtime: a folder for each version. */
export function runtimeFolder(runtime: PackagedRuntime): string {
  const cache = Deno.env.get("HYMBA_CACHE") ?? new URL("../../.cache", import.meta.url).pathname;
  return `${cache}/runtimes/${runtime.package}`;
}

/** A runtime's program, whether or not it is there. */
export function programOf(name: string): string {
  const runtime = PACKAGED_RUNTIMES.find((each) => each.name === name);
  if (!runtime) {
    throw new Error(`Cannot find runtime "${name}": it is unknown, expected one of the catalogue`);
  }
  return `${runtimeFolder(runtime)}/node_modules/${runtime.program}`;
}

/** Debian's Chromium, or what CHROMIUM names. */
export const CHROMIUM: string = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

/**
 * Registers a test that needs `program`. Where it is missing the test is ignored, with the reason in its name, unless
 * REQUIRE_RUNTIMES names the runtime: then it fails.
 */
export function runtimeTest(
  name: string,
  { runtime, program }: { readonly runtime: string; readonly program: string },
  body: () => Promise<void>,
): void {
  const present = isFile(program);
  const ignore = !present && !REQUIRED.has(runtime);
  Deno.test({
    name: `${name}, on ${runtime}${ignore ? " (not installed: deno task install:runtimes)" : ""}`,
    ignore,
    sanitizeResources: false, // a browser's driver keeps pipes and timers of its own
    sanitizeOps: false,
    fn: async () => {
      if (!present) throw new Error(`Cannot test ${runtime}: "${program}" is missing, expected it installed`);
      await body();
    },
  });
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
