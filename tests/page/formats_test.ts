/** Numbers and prompts as the page writes them. */
import { assertEquals } from "@std/assert";
import { formatBytes, formatRate, formatShare, formatTokens } from "../../server/page/src/formats.ts";
import { questionPrompt, storyPrompt } from "../../server/page/src/prompts.ts";

Deno.test("formatBytes writes at most three digits", () => {
  const cases = {
    0: "0 B",
    999: "999 B",
    1000: "1.0 KB",
    98_304: "98 KB",
    999_499: "999 KB",
    1_940_000: "1.9 MB",
  };
  for (const [bytes, text] of Object.entries(cases)) {
    assertEquals(formatBytes(Number(bytes)), text.replace(" ", "\u00a0"));
  }
});

Deno.test("formatShare tells little from nothing", () => {
  const shares = [0, 0.001, 0.31, 1].map(formatShare);
  assertEquals(shares, ["0 %", "<1 %", "31 %", "100 %"].map((text) => text.replace(" ", "\u00a0")));
});

Deno.test("formatTokens knows the singular", () => {
  assertEquals([0, 1, 2].map(formatTokens), ["0\u00a0tokens", "1\u00a0token", "2\u00a0tokens"]);
});

Deno.test("formatRate gives slow rates a decimal", () => {
  assertEquals(
    [0.42, 9.9, 9.96, 182.4].map(formatRate),
    ["0.4", "9.9", "10", "182"].map((n) => `${n}\u00a0tokens/s`),
  );
});

Deno.test("storyPrompt stands for the model's own beginning where there is none", () => {
  assertEquals(storyPrompt("  Once upon a time \n"), { text: "Once upon a time" });
  assertEquals(storyPrompt("  "), { text: "<|endoftext|>" });
});

Deno.test("questionPrompt has the form that the model was trained on", () => {
  const text = "Ben had a red ball.\n\nQuestion: What did Ben have?\nAnswer:";
  for (const question of ["What did Ben have?", " What did Ben have ", "What did Ben have??"]) {
    assertEquals(questionPrompt(" Ben had a red ball. ", question), { text, stop: "\n" });
  }
});
