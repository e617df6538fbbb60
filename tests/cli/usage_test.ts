/** The command line itself: help, versions, and what is said about a wrong one. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { type CliResult, fixture, linesOf, runHymba } from "./run_hymba.ts";

const COMMANDS = ["generate", "chat", "inspect", "convert", "logits"];

/** What every wrong command line gets: exit code 2, two lines on standard error, nothing on standard output. */
function assertUsageError({ code, stdout, stderr }: CliResult, message: RegExp): void {
  assertEquals({ code, stdout }, { code: 2, stdout: "" });
  const [first, second, ...rest] = linesOf(stderr);
  assertMatch(first, message);
  assertMatch(second, /^ {2}\S/);
  assertEquals(rest, []);
}

for (const command of ["", ...COMMANDS]) {
  Deno.test(`hymba ${command} --help fits 80 columns and 24 lines, and needs no permission`, async () => {
    const { code, stdout, stderr } = await runHymba([...(command ? [command] : []), "--help"]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const lines = linesOf(stdout);
    assertMatch(lines[0], new RegExp(`^Usage: hymba ${command}`));
    assert(lines.length <= 24, `${lines.length} lines`);
    for (const line of lines) assert(line.length <= 80, line);
    if (command === "") {
      for (const name of COMMANDS) assertMatch(stdout, new RegExp(`^ {2}${name} `, "m"));
    }
  });
}

Deno.test("hymba --version prints the version of deno.json", async () => {
  assertEquals(await runHymba(["--version"]), { code: 0, stdout: `${config.version}\n`, stderr: "" });
});

Deno.test("hymba without a command shows the help as an error", async () => {
  const { code, stdout, stderr } = await runHymba([]);
  assertEquals({ code, stdout }, { code: 2, stdout: "" });
  assertStringIncludes(stderr, "Usage: hymba");
});

Deno.test("hymba suggests the nearest command and flag", async () => {
  const command = await runHymba(["generat"]);
  assertUsageError(command, /^error: unknown command 'generat'$/);
  assertStringIncludes(command.stderr, "Did you mean generate?");
  const flag = await runHymba(["generate", "--max-token", "3"]);
  assertUsageError(flag, /^error: unknown option '--max-token'$/);
  assertStringIncludes(flag.stderr, "Did you mean --max-tokens?");
});

const WRONG: readonly (readonly [args: string, message: RegExp])[] = [
  ["generate --top-p 3", /^error: Cannot use --top-p: it is 3, expected a number from 0 to 1$/],
  ["generate --max-tokens 0", /^error: Cannot use --max-tokens: it is 0, expected an integer from 1/],
  ["generate --seed 0x10", /--seed <n>' argument '0x10' is invalid/],
  ["generate --greedy --temperature 1", /--greedy' cannot be used with option '--temperature/],
  ["generate --backend tpu", /argument 'tpu' is invalid\. Allowed choices are auto, webgpu, wasm, reference/],
  ["generate --logprobs 2", /--logprobs needs --json/],
  ["generate two prompts", /too many arguments/],
  ["logits", /required option '--ids <ids>' not specified/],
  ["logits --ids 1,x", /Expected token ids as in 1,2,3, not "x"/],
  ["convert folder out.bin", /"out\.bin" does not end in \.gguf/],
  ["convert folder", /missing required argument 'out\.gguf'/],
];

for (const [args, message] of WRONG) {
  Deno.test(`hymba ${args} is a usage error`, async () => {
    assertUsageError(await runHymba(args.split(" ")), message);
  });
}

Deno.test("hymba takes negative numbers as values of flags", async () => {
  const args = ["generate", "--presence-penalty", "-101", "--frequency-penalty", "-1"];
  assertUsageError(await runHymba(args), /^error: Cannot use --presence-penalty: it is -101, expected/);
});

Deno.test("hymba tells of a failure in two lines, and of its place with HYMBA_DEBUG=1 only", async () => {
  const args = ["logits", "--model", fixture("no-such-model"), "--ids", "1"];
  const { code, stdout, stderr } = await runHymba(args, { permissions: ["--allow-read"] });
  assertEquals({ code, stdout }, { code: 1, stdout: "" });
  assertMatch(stderr, /^error: Cannot open ".*no-such-model\/config\.json": .*\n {2}Check that .*\n$/);
  const permissions = ["--allow-read", "--allow-env=HYMBA_DEBUG"];
  const debug = await runHymba(args, { permissions, env: { HYMBA_DEBUG: "1" } });
  assertMatch(debug.stderr, /^error: .*\n {2}.*\nMissingFileError: .*\n +at /);
});

Deno.test("hymba tells of a missing permission as of any failure", async () => {
  const { code, stderr } = await runHymba(["inspect", fixture("tiny-pair")]);
  assertEquals(code, 1);
  assertMatch(stderr, /^error: Cannot open .*\n {2}.*--allow-read.*\n$/);
});
