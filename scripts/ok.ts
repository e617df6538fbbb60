/**
 * The gate: `deno task ok`. Every step is run, prints one line, and what it said where it failed.
 *
 * `--skip NAME` leaves out the steps whose name starts so, as CI does with the tests, which it runs last.
 */
import config from "../deno.json" with { type: "json" };
import { jsrFallback } from "./jsr_fallback.ts";

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** A command that must succeed for the step to make sense here, such as a compiler's `--version`. */
  readonly needs?: readonly string[];
  /** Where the command runs, from the repository's root. */
  readonly folder?: string;
  /** Whether the last line that the command printed is worth showing. */
  readonly showsLastLine?: boolean;
}

function script(
  name: string,
  permissions: readonly string[],
  args: readonly string[] = [],
): readonly string[] {
  return ["deno", "run", ...permissions, `scripts/${name}.ts`, ...args];
}

const READ = ["--allow-read"];
const READ_AND_RUN = ["--allow-read", "--allow-run", "--allow-env"];
const WRITE_AND_RUN = [...READ_AND_RUN, "--allow-write"];
/** Where examples in doc comments are; they import nothing but the package, and run with no permission. */
const EXAMPLES = ["mod.ts", "cli.ts", "runtime", "server"];

/** All steps; `options` and `frozen` are what commands that load the tests need. */
function steps(options: readonly string[], frozen: readonly string[]): readonly Step[] {
  const cargo = { needs: ["cargo", "--version"], folder: "wasm/" };
  return [
    { name: "format", command: ["deno", "fmt", "--check"] },
    { name: "lint", command: ["deno", "lint"] },
    { name: "types", command: ["deno", "check", ...options, ...frozen] },
    { name: "doc comments", command: ["deno", "doc", "--lint", ...Object.values(config.exports)] },
    { name: "imports", command: script("check_imports", ["--allow-write", ...READ_AND_RUN]) },
    { name: "sizes", command: script("check_size", READ_AND_RUN) },
    { name: "words", command: script("check_words", READ_AND_RUN) },
    { name: "kernels/sources.ts is fresh", command: script("kernel_sources", READ, ["--check"]) },
    { name: "models/stories is fresh", command: script("pack_stories", READ, ["--check"]) },
    { name: "server/page/files.ts is fresh", command: script("build_page", WRITE_AND_RUN, ["--check"]) },
    { name: "wasm/pkg is fresh", command: script("wasm_fresh", READ) },
    {
      name: "Rust format",
      command: ["cargo", "fmt", "--check"],
      needs: ["cargo", "fmt", "--version"],
      folder: "wasm/",
    },
    { name: "Rust tests", command: ["cargo", "test", "--locked", "--quiet"], ...cargo },
    { name: "Python lint", command: ["ruff", "check", "training"], needs: ["ruff", "--version"] },
    {
      name: "Python format",
      command: ["ruff", "format", "--check", "training"],
      needs: ["ruff", "--version"],
    },
    { name: "publishable", command: script("check_package", READ_AND_RUN) },
    {
      name: "examples",
      command: ["deno", "test", "--doc", "--no-prompt", "--quiet", ...frozen, ...EXAMPLES],
    },
    { name: "tests", command: script("test", READ_AND_RUN), showsLastLine: true },
  ];
}

interface Result {
  readonly success: boolean;
  readonly text: string;
}

async function run([command, ...args]: readonly string[], folder = ""): Promise<Result> {
  const program = command === "deno" ? Deno.execPath() : command;
  const cwd = new URL(`../${folder}`, import.meta.url);
  const env = { NO_COLOR: "1" };
  try {
    const output = await new Deno.Command(program, { args, cwd, env, stdin: "null" }).output();
    const decoder = new TextDecoder();
    return { success: output.success, text: decoder.decode(output.stdout) + decoder.decode(output.stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { success: false, text: `${command}: command not found\n` };
    }
    throw error;
  }
}

/** The first 200 lines of `text`: what broke first explains the rest. */
function indented(text: string): string {
  const lines = text.trimEnd().split("\n");
  const left = lines.length - 200;
  return [...lines.slice(0, 200), ...left > 0 ? [`(${left} more lines)`] : []].map((line) => `    ${line}`)
    .join("\n");
}

/** Runs one step and prints its line; false when it failed. */
async function runStep(step: Step): Promise<boolean> {
  if (step.needs && !(await run(step.needs, step.folder)).success) {
    console.log(`not run  ${step.name}: no ${step.needs.slice(0, -1).join(" ")}`);
    return true;
  }
  const start = performance.now();
  const { success, text } = await run(step.command, step.folder);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const last = text.trimEnd().split("\n").filter((line) => /^\d+ passed/.test(line)).at(-1);
  const detail = step.showsLastLine && last ? `, ${last}` : "";
  console.log(`${success ? "ok     " : "FAILED "}  ${step.name} (${seconds} s${detail})`);
  if (!success) console.log(indented(text));
  return success;
}

function skipped(args: readonly string[]): string[] {
  return args.filter((_, i) => args[i - 1] === "--skip");
}

const { active, options } = await jsrFallback();
// The lock file can name what comes from JSR only where JSR answers; elsewhere it must be complete as it is.
const all = steps(options, active ? ["--frozen"] : []);
const chosen = all.filter(({ name }) => !skipped(Deno.args).some((start) => name.startsWith(start)));
const failed: string[] = [];
for (const step of chosen) if (!await runStep(step)) failed.push(step.name);
if (failed.length > 0) console.log(`\nThe gate is closed: ${failed.join(", ")} failed`);
Deno.exit(failed.length > 0 ? 1 : 0);
