/**
 * The test command: `deno task test [paths and options of deno test]`.
 *
 * Runs the tests with exactly the permissions they need and ends with a plain line `N passed, N failed`.
 */
import { jsrFallback } from "./jsr_fallback.ts";

const PERMISSIONS = [
  "--no-prompt",
  "--allow-read",
  "--allow-write", // temporary folders
  "--allow-env",
  "--allow-sys",
  "--allow-run", // the command line interface, and servers on the loopback address
  "--allow-net=127.0.0.1,localhost",
  "--allow-ffi", // Dawn, a native addon
  "--unstable-kv", // sessions in Deno KV
];

interface Outcome {
  readonly code: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Runs `deno test` with `args`, printing what it prints. A browser's driver needs, and so takes, `--allow-all`. */
export async function runTests(args: readonly string[]): Promise<Outcome> {
  const { options } = await jsrFallback();
  const permissions = args.includes("--allow-all") ? ["--no-prompt"] : PERMISSIONS;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", ...permissions, ...options, ...args],
    cwd: new URL("../", import.meta.url),
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let tail = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    for (let written = 0; written < chunk.length;) {
      written += await Deno.stdout.write(chunk.subarray(written));
    }
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-10_000);
  }
  const { code } = await child.status;
  return { code, ...counts(tail) };
}

/** The counts of the closing line of `deno test`; without that line the run broke off, which counts as a failure. */
function counts(tail: string): Omit<Outcome, "code"> {
  // deno-lint-ignore no-control-regex -- colours
  const plain = tail.replace(/\x1b\[[0-9;]*m/g, "");
  const [, line] = [...plain.matchAll(/^(?:ok|FAILED) \| (\d+ passed.*)$/gm)].at(-1) ?? [];
  if (!line) return { passed: 0, failed: 1, skipped: 0 };
  const count = (word: string): number => Number(line.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0);
  return { passed: count("passed"), failed: count("failed"), skipped: count("ignored") };
}

/**
 * Whether Deno itself was killed by a signal after the last test had passed: 2.9.6 does so now and then where threads have run ("corrupted size
 * vs. prev_size", once in a dozen runs). WebAssembly cannot reach the process's own memory, so nothing of ours can do that.
 */
function diedWhileExiting({ code, passed, failed }: Outcome): boolean {
  return code > 128 && passed > 0 && failed === 0;
}

async function runAgain(args: readonly string[]): Promise<Outcome> {
  console.log(
    "\nDeno died while it exited, after its tests had passed. They run again, and what they say then counts.",
  );
  return await runTests(args);
}

function hasPath(args: readonly string[]): boolean {
  return args.some((arg) => {
    try {
      return !arg.startsWith("-") && Deno.statSync(arg) !== null;
    } catch {
      return false;
    }
  });
}

if (import.meta.main) {
  const args = hasPath(Deno.args) ? Deno.args : ["tests/", ...Deno.args];
  const outcome = await runTests(args);
  const { code, passed, failed, skipped } = diedWhileExiting(outcome) ? await runAgain(args) : outcome;
  // A module that does not load is counted by no test.
  const reported = code !== 0 && failed === 0 ? 1 : failed;
  console.log(`\n${passed} passed, ${reported} failed${skipped ? `, ${skipped} skipped` : ""}`);
  Deno.exit(code);
}
