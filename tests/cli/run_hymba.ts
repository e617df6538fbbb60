/** Runs the command line as its users do: a process of its own, with the permissions that a test gives it. */

const CLI = new URL("../../cli.ts", import.meta.url);

/** What a process left behind. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run it. */
export interface CliOptions {
  /** Deno's permission flags; none unless given. */
  readonly permissions?: readonly string[];
  /** Standard input; empty unless given. */
  readonly input?: string | Uint8Array<ArrayBuffer>;
  /** Added to an environment without colours and without HYMBA_DEBUG. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The arguments of Deno that run `hymba`. */
export function hymbaArgs(args: readonly string[], permissions: readonly string[] = []): string[] {
  return ["run", "--no-prompt", "--quiet", ...permissions, CLI.href, ...args];
}

/** Starts `hymba` with pipes on all three streams. */
export function startHymba(args: readonly string[], options: CliOptions = {}): Deno.ChildProcess {
  const env = { NO_COLOR: "1", HYMBA_DEBUG: "0", ...options.env };
  return new Deno.Command(Deno.execPath(), {
    args: hymbaArgs(args, options.permissions),
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs `hymba` to its end. */
export async function runHymba(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = startHymba(args, options);
  const { input = "" } = options;
  const written = new Blob([input]).stream().pipeTo(child.stdin).catch(() => {}); // it may not read its input
  const { code, stdout, stderr } = await child.output();
  await written;
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Path of a checkpoint in tests/fixtures. */
export function fixture(name: string): string {
  return decodeURIComponent(new URL(`../fixtures/${name}`, import.meta.url).pathname);
}

/** Lines of a text that ends with a line end. */
export function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}
