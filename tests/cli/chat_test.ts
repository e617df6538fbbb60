/** `hymba chat`: from a pipe, and on a pseudo-terminal. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fixture, hymbaArgs, linesOf, runHymba } from "./run_hymba.ts";

Deno.test("hymba chat answers one message a line from a pipe", async () => {
  const input = "Once upon a time\n/ask Who was there?\n/reset\nOnce upon a time\n/exit\nnever said\n";
  const { code, stdout, stderr } = await runHymba(["chat", "--greedy", "-n", "8"], { input });
  assertEquals(code, 0);
  const [first, answer, again, ...rest] = linesOf(stdout);
  assertMatch(first, /^, there (was|lived)/);
  assertMatch(answer, /^ \S/);
  assertEquals(again, first);
  assertEquals(rest, []);
  assertStringIncludes(stderr, "The conversation begins anew.\n");
});

Deno.test("hymba chat reads only what is new in a turn, and names its commands", async () => {
  const input = "Once upon a time\n and then\n/stats\n/help\n/nonsense\n";
  const { code, stdout, stderr } = await runHymba(["chat", "--greedy", "-n", "4"], { input });
  assertEquals([code, linesOf(stdout).length], [0, 2]);
  assertMatch(stderr, /^prompt 2 tokens; 4 tokens,.*; ended by --max-tokens; seed \d+$/m);
  for (const name of ["help", "ask", "fork", "back", "rewind", "save", "load", "stats", "reset", "exit"]) {
    assertMatch(stderr, new RegExp(`^ {2}/${name} .*\\S$`, "m"));
  }
  assertStringIncludes(stderr, "There is no /nonsense.");
});

Deno.test("hymba chat forks, rewinds, saves and loads, and says what it needs", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/a b.chat`;
  const input =
    `Once upon a time\n/fork start\n One day\n/save ${file}\n/rewind\n One day\n/back start\n One day\n` +
    `/load ${file}\n/rewind\n One day\n/load ${folder}/none\n/back nowhere\n/rewind x\n/fork\n One day\n`;
  const permissions = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  const { code, stdout, stderr } = await runHymba(["chat", "--greedy", "-n", "6"], { input, permissions });
  await Deno.remove(folder, { recursive: true });
  const [, ...days] = linesOf(stdout);
  assertEquals([code, days.length], [0, 5], stderr);
  assertEquals(new Set(days.slice(0, 4)).size, 1);
  for (
    const remark of ["Kept as start", "Took back 1. The last reply: ...", "Loaded ", 'no point "nowhere"']
  ) {
    assertStringIncludes(stderr, remark);
  }
  assertMatch(stderr, /^error: Cannot open ".*none": .*\n {2}Check that/m);
  assertMatch(stderr, /^How many\?.*\nUnder which name\?/m);
});

Deno.test("hymba chat refuses a model without a chat template", async () => {
  const args = ["chat", "--model", fixture("tiny-pair"), "--backend", "reference"];
  const { code, stdout, stderr } = await runHymba(args, { permissions: ["--allow-read"], input: "Hello\n" });
  assertEquals({ code, stdout }, { code: 1, stdout: "" });
  assertMatch(stderr, /^error: Cannot chat: the checkpoint has no chat template.*\n {2}.*\n$/);
});

Deno.test({
  name: "hymba chat holds a conversation on a terminal and says how its prompts want to look",
  ignore: Deno.build.os !== "linux", // needs util-linux's script, which makes the pseudo-terminal
  fn: async () => {
    const words = [Deno.execPath(), ...hymbaArgs(["chat", "--greedy", "-n", "8"])];
    const line = words.map((word) => `'${word}'`).join(" ");
    const script = new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", line, "/dev/null"],
      env: { NO_COLOR: "1", TERM: "xterm" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = script.stdin.getWriter();
    await writer.write(new TextEncoder().encode("Once upon a time\n/exit\n"));
    const { code, stdout } = await script.output();
    await writer.close().catch(() => {}); // the reader has gone
    const screen = new TextDecoder().decode(stdout);
    assertEquals(code, 0, screen);
    assertStringIncludes(screen, 'begin one ("Once upon a time"), then /ask about it.');
    assertMatch(screen, /\n, there (was|lived)/);
    assertStringIncludes(screen, "[cut off by --max-tokens]");
  },
});
