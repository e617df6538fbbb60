/** `hymba convert`: the file is whole or not there, and holds the same model. */
import { assertEquals, assertMatch } from "@std/assert";
import { openCheckpoint } from "../../runtime/checkpoint.ts";
import { assertLogitsClose } from "../golden/assert_logits_close.ts";
import { fixture, linesOf, runHymba, startHymba } from "./run_hymba.ts";

/** Runs `work` with a folder that only this test may write to, and the permissions for it. */
async function withOutput(
  work: (folder: string, permissions: readonly string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder, ["--allow-read", `--allow-write=${folder}`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

Deno.test("hymba convert packs a checkpoint that gives the oracle's logits, its window rule marked", () =>
  withOutput(async (folder, permissions) => {
    const out = `${folder}/tiny.gguf`;
    const args = ["convert", fixture("tiny-pair"), out, "--quantization", "f32", "--window-rule", "release"];
    const { code, stdout, stderr } = await runHymba(args, { permissions });
    assertEquals({ code, stdout }, { code: 0, stdout: "" });
    assertMatch(stderr, /^(converting: \d+ % of \d+ kB\n)+.*tiny\.gguf: \d+ kB, f32\n$/);
    assertEquals(await namesIn(folder), ["tiny.gguf"]);
    const expected = JSON.parse(await Deno.readTextFile(`${fixture("tiny-pair")}/expected.json`));
    const { prompt, prefill_logits: wanted } = expected;
    const logits = await runHymba(
      ["logits", "--model", out, "--backend", "reference", "--ids", prompt.join()],
      { permissions },
    );
    const rows: number[][] = linesOf(logits.stdout).map((line) => JSON.parse(line));
    assertLogitsClose(rows.flat(), wanted.flat(), 1e-6, wanted[0].length);
  }));

Deno.test("hymba convert --meta-state adds the state behind the meta tokens, which inspect counts and packing again keeps alike", () =>
  withOutput(async (folder, permissions) => {
    const [out, again] = [`${folder}/tiny.gguf`, `${folder}/again.gguf`];
    const args = (source: string, out: string): string[] => ["convert", source, out, "--meta-state"];
    const { code, stderr } = await runHymba(args(fixture("tiny-quant"), out), { permissions });
    assertEquals(code, 0);
    assertMatch(
      stderr,
      /^(loading: \d+ % of [\d.]+ MB\n)+(converting: \d+ % of [\d.]+ MB\n)+.*: [\d.]+ MB, q8_0\n$/,
    );
    const { stdout } = await runHymba(["inspect", out], { permissions });
    assertMatch(stdout, /^.* in \d+ tensors, [\d.]+ MB\n/);
    assertMatch(stdout, /^ +meta tokens +their state is in the file: 15 tensors more, 115 kB$/m);
    assertEquals((await runHymba(args(out, again), { permissions })).code, 0);
    const [packed, packedAgain] = await Promise.all([out, again].map((path) => openCheckpoint(path)));
    assertEquals(packedAgain.metaState!.fingerprint, packed.metaState!.fingerprint);
    for (const name of packed.metaState!.tensors.tensors.keys()) {
      const bytes = await packed.metaState!.tensors.read(name);
      assertEquals(await packedAgain.metaState!.tensors.read(name), bytes, name);
    }
    await Promise.all([packed, packedAgain].map(({ tensors }) => tensors.close()));
  }));

Deno.test("hymba convert replaces a file only with --force, and marks another window rule", () =>
  withOutput(async (folder, permissions) => {
    const out = `${folder}/tiny.gguf`;
    await Deno.writeTextFile(out, "precious");
    const args = [
      "convert",
      fixture("tiny-quant"),
      out,
      "--quantization",
      "iq4_nl",
      "--window-rule",
      "decode",
    ];
    const refused = await runHymba(args, { permissions });
    assertEquals([refused.code, await Deno.readTextFile(out)], [1, "precious"]);
    assertMatch(refused.stderr, /^error: Cannot write ".*": it is already there.*\n {2}.*--force\n$/);
    assertEquals((await runHymba([...args, "--force"], { permissions })).code, 0);
    const { stdout } = await runHymba(["inspect", "--json", out], { permissions });
    const { config, byDtype } = JSON.parse(stdout);
    assertEquals([config.windowRule, byDtype[0].dtype], ["decode", "iq4_nl"]);
    assertEquals(await namesIn(folder), ["tiny.gguf"]);
  }));

Deno.test("hymba convert leaves nothing behind when the checkpoint is broken", () =>
  withOutput(async (folder, permissions) => {
    await Deno.copyFile(`${fixture("tiny-pair")}/config.json`, `${folder}/config.json`);
    const bytes = await Deno.readFile(`${fixture("tiny-pair")}/model.safetensors`);
    bytes.fill(0xff, bytes.length - 64); // NaN at the end: most of the file is written when it is found
    await Deno.writeFile(`${folder}/model.safetensors`, bytes);
    const { code, stderr } = await runHymba(["convert", folder, `${folder}/out.gguf`], { permissions });
    assertEquals(code, 1);
    assertMatch(stderr, /\nerror: Cannot .*NaN.*\n {2}.*\n$/);
    assertEquals(await namesIn(folder), ["config.json", "model.safetensors"]);
  }));

Deno.test("hymba convert leaves nothing behind when interrupted", () =>
  withOutput(async (folder, permissions) => {
    const { promise: asked, resolve: dataIsAsked } = Promise.withResolvers<void>();
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        const file = new URL(request.url).pathname.slice(1);
        const bytes = await Deno.readFile(`${fixture("tiny-pair")}/${file}`).catch(() => null);
        if (bytes === null) return new Response(null, { status: 404 });
        if (!file.endsWith(".safetensors")) return new Response(bytes);
        dataIsAsked();
        return new Response(stalled(bytes.subarray(0, bytes.length / 2)), {
          headers: { "content-length": `${bytes.length}` },
        });
      },
    );
    const { port } = server.addr;
    const child = startHymba(["convert", `http://127.0.0.1:${port}/`, `${folder}/out.gguf`], {
      permissions: [...permissions, `--allow-net=127.0.0.1:${port}`],
    });
    const errors = new Response(child.stderr).text();
    await asked;
    while ((await namesIn(folder)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGINT");
    await child.stdin.close();
    await child.stdout.cancel();
    assertEquals((await child.status).code, 130);
    assertMatch(await errors, /^(converting: \d+ % of \d+ kB\n)*$/);
    assertEquals(await namesIn(folder), []);
  }));

/** A body that gives these bytes and then never ends. */
function stalled(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(bytes) });
}
