/** `hymba generate` with the default model: what goes where, and how it ends. */
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { fixture, hymbaArgs, linesOf, runHymba, startHymba } from "./run_hymba.ts";

const PROMPT = "Once upon a time";

/** Everything that a stream has to say. */
async function textOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  return await new Response(stream).text();
}

Deno.test("hymba generate writes the text to standard output, statistics to standard error", async () => {
  const args = ["generate", PROMPT, "--seed", "7", "-n", "20"];
  const { code, stdout, stderr } = await runHymba(args);
  assertEquals(code, 0);
  assertMatch(stdout, /^, there (was|lived) \w+/);
  assertMatch(
    stderr,
    /^(wasm|webgpu) backend \(.+\)\nprompt 4 tokens; 20 tokens, the first after [\d.,]+ ms, [\d.,]+\/s; ended by --max-tokens; seed 7\n$/,
  );
});

Deno.test("hymba generate gives the same text for the same seed, piped, quiet or as JSON", async () => {
  const args = ["generate", "--seed", "8", "-n", "24", "--stop", "\n\n"];
  const [given, piped, json] = await Promise.all([
    runHymba([...args, "--quiet", PROMPT]),
    runHymba([...args, "--quiet"], { input: `${PROMPT}\n` }),
    runHymba([...args, "--json", "--logprobs", "2", PROMPT]),
  ]);
  assertEquals(given.stderr, "");
  assertGreater(given.stdout.length, 20);
  assertEquals(piped, given);
  const lines = linesOf(json.stdout).map((line) => JSON.parse(line));
  const tokens = lines.slice(0, -1);
  assertEquals(tokens.map(({ text }) => text).join(""), given.stdout);
  assertEquals(tokens.map(({ index }) => index), tokens.map((_, i) => i));
  for (const { id, logprob, topLogprobs } of tokens) {
    assert(Number.isInteger(id) && logprob <= 0);
    assertEquals(topLogprobs.length, 2);
  }
  const { summary } = lines.at(-1);
  assertEquals([summary.promptTokens, summary.generatedTokens, summary.seed], [4, tokens.length, 8]);
  assertEquals(json.stderr, "");
  assertMatch(summary.backend.kind, /^(wasm|webgpu)$/);
});

Deno.test("hymba generate tells a story when there is no prompt", async () => {
  const { code, stdout, stderr } = await runHymba(["generate", "--greedy", "-n", "12"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^Once upon a time, /);
  assertStringIncludes(stderr, "prompt 4 tokens;");
});

/** A model that goes on for ever: it has no tokenizer, and greedily never chooses its end. */
const ENDLESS = [
  ...["generate", "--model", fixture("tiny-pair"), "--backend", "reference"],
  ...["--greedy", "--json", "-n", "1000000"],
];

Deno.test("hymba generate ends at the first SIGINT with its summary and code 130", async () => {
  const child = startHymba(ENDLESS, { permissions: ["--allow-read"] });
  await child.stdin.close();
  const errors = textOf(child.stderr);
  const lines: string[] = [];
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (lines.length === 0) child.kill("SIGINT");
    lines.push(text);
  }
  assertEquals((await child.status).code, 130);
  assertEquals(await errors, "");
  const output = linesOf(lines.join("")).map((line) => JSON.parse(line));
  const { summary } = output.at(-1);
  assertEquals([summary.finishReason, summary.generatedTokens], ["abort", output.length - 1]);
});

Deno.test("hymba generate ends in silence when nobody reads on", async () => {
  const child = startHymba(ENDLESS, { permissions: ["--allow-read"] });
  await child.stdin.close();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  assertEquals(await textOf(child.stderr), "");
  assertEquals((await child.status).code, 0);
});

Deno.test({
  name: "hymba generate says that the disk is full",
  ignore: Deno.build.os !== "linux", // needs /dev/full
  fn: async () => {
    const command = [Deno.execPath(), ...hymbaArgs(["generate", "--quiet", "-n", "3", PROMPT])];
    const line = command.map((word) => `'${word}'`).join(" ");
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", `exec ${line} >/dev/full`],
      env: { NO_COLOR: "1", HYMBA_DEBUG: "0" },
      stdin: "null",
    }).output();
    assertEquals(code, 1);
    assertMatch(new TextDecoder().decode(stderr), /^error: .*[Nn]o space.*\n {2}The system refused.*\n$/);
  },
});

Deno.test("hymba generate refuses a prompt that is not UTF-8", async () => {
  const { code, stdout, stderr } = await runHymba(["generate"], { input: new Uint8Array([0x4f, 0xff]) });
  assertEquals({ code, stdout }, { code: 1, stdout: "" });
  assertMatch(stderr, /^error: Cannot read the prompt: standard input is not UTF-8.*\n {2}.*\n$/);
});

Deno.test("hymba generate says what a model without a tokenizer lacks", async () => {
  const args = ["generate", "--model", fixture("tiny-pair"), "--backend", "reference", PROMPT];
  const { code, stdout, stderr } = await runHymba(args, { permissions: ["--allow-read"] });
  assertEquals({ code, stdout }, { code: 1, stdout: "" });
  assertMatch(stderr, /^error: Cannot use text: the checkpoint has no tokenizer\.json.*\n {2}.*\n$/);
});
