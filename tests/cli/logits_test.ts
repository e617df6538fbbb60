/** `hymba logits` against the NumPy oracle of the tiny checkpoints. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { assertLogitsClose } from "../golden/assert_logits_close.ts";
import { fixture, linesOf, runHymba } from "./run_hymba.ts";

const permissions = ["--allow-read"];

/** Of the largest logit: the wasm backend's agreement with the oracle on unquantised weights; the reference is far closer. */
const CASES = [
  { name: "tiny-pair", backend: "reference", tolerance: 1e-6 },
  { name: "tiny-triple", backend: "reference", tolerance: 1e-6 },
  { name: "tiny-bf16", backend: "wasm", tolerance: 1e-4 },
] as const;

for (const { name, backend, tolerance } of CASES) {
  Deno.test(`hymba logits prints the oracle's rows for ${name} on ${backend}`, async () => {
    const expected = JSON.parse(await Deno.readTextFile(`${fixture(name)}/expected.json`));
    const { prompt, steps, prefill_logits: prefill, step_logits: stepLogits } = expected;
    const args = [
      "--model",
      fixture(name),
      "--backend",
      backend,
      "--ids",
      prompt.join(),
      "--steps",
      steps.join(),
    ];
    const { code, stdout, stderr } = await runHymba(["logits", ...args], { permissions });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const rows: number[][] = linesOf(stdout).map((line) => JSON.parse(line));
    const wanted: number[][] = [...prefill, ...stepLogits];
    assertEquals(rows.map((row) => row.length), wanted.map((row) => row.length));
    assertLogitsClose(rows.flat(), wanted.flat(), tolerance, wanted[0].length);
    assert(rows.flat().every((value) => value === Math.fround(value)), "a number is no float32");
  });
}

Deno.test("hymba logits reads ids from standard input", async () => {
  const args = ["logits", "--model", fixture("tiny-pair"), "--backend", "reference", "--ids"];
  const given = await runHymba([...args, "6,18,27"], { permissions });
  const piped = await runHymba([...args, "-"], { permissions, input: "6, 18,\n27\n" });
  assertEquals(linesOf(given.stdout).length, 3);
  assertEquals(piped, given);
});

Deno.test("hymba logits refuses ids outside the vocabulary", async () => {
  const args = ["logits", "--model", fixture("tiny-pair"), "--backend", "reference", "--ids", "1,61"];
  const { code, stdout, stderr } = await runHymba(args, { permissions });
  assertEquals({ code, stdout }, { code: 1, stdout: "" });
  assertMatch(stderr, /^error: Cannot use token id 61 at 1: expected an integer from 0 to 60\n {2}/);
});
