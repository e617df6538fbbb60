/** `hymba inspect`: what it says, and that headers are all it reads. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { HymbaConfig } from "../../runtime/config.ts";
import { fixture, linesOf, runHymba } from "./run_hymba.ts";

const permissions = ["--allow-read"];

/** A copy of the tiny-pair checkpoint that `change` may damage. */
async function copyOfTinyPair(folder: string): Promise<string> {
  for (const file of ["config.json", "model.safetensors"]) {
    await Deno.copyFile(`${fixture("tiny-pair")}/${file}`, `${folder}/${file}`);
  }
  return folder;
}

async function withTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Bytes of a state that holds the meta tokens and nothing else, in f32. */
function bytesBehindMetaTokens(config: HymbaConfig): number {
  const { numMetaTokens, numKvHeads, headDim, vHeadDim, dConv, dInner, dState, hiddenSize, layers } = config;
  const owners = layers.filter(({ kvOwner }, layer) => kvOwner === layer).length;
  const kv = owners * numMetaTokens * numKvHeads * (headDim + vHeadDim);
  return 4 * (kv + layers.length * (dConv - 1 + dState) * dInner + hiddenSize);
}

Deno.test("hymba inspect --json describes the default model without any permission", async () => {
  const { code, stdout, stderr } = await runHymba(["inspect", "--json"]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const { source, config, tensors, byDtype, parameters, bytes, metaState, state } = JSON.parse(stdout);
  assertEquals(source, "the default model");
  assertEquals([config.hiddenSize, config.layers.length, config.windowRule], [256, 8, "decode"]);
  assertEquals(parameters, 10_011_264);
  assertEquals(tensors.length, 155);
  const sum = (list: readonly Record<string, number>[], key: string): number =>
    list.reduce((total, entry) => total + entry[key], 0);
  assertEquals([sum(tensors, "bytes"), sum(byDtype, "bytes")], [bytes, bytes]);
  assertEquals(state.map(({ tokens }: { tokens: number }) => tokens).slice(0, 6), [
    ...[1024, 2048, 4096, 8192, 16384, 32768],
  ]);
  assertEquals(metaState, { tensors: 29, bytes: bytesBehindMetaTokens(config) });
  const totalOn = (device: string): number =>
    state.find((facts: Record<string, unknown>) => facts.device === device && facts.kvDtype === "f16").total;
  // A window layer's ring has room for a pass beside the window, here of the owners of keys and values.
  const owners = config.layers.filter((
    { attention, kvOwner }: { attention: string; kvOwner: number },
    layer: number,
  ) => attention === "window" && kvOwner === layer).length;
  const slotBytes = 2 * config.numKvHeads * (config.headDim + config.vHeadDim);
  assertEquals(totalOn("gpu") - totalOn("cpu"), owners * slotBytes * (1024 - 64));
});

Deno.test("hymba inspect shows layers, tensors and state sizes of a published checkpoint", async () => {
  const { code, stdout } = await runHymba(["inspect", fixture("tiny-pair")], { permissions });
  assertEquals(code, 0);
  assertMatch(stdout, /^.*tiny-pair: 127,506 parameters in 117 tensors, 510 kB\n/);
  assertMatch(stdout, /^ +meta tokens +their state is computed when the model is loaded$/m);
  assertMatch(stdout, /^ +0 {2}global +its own$/m);
  assertMatch(stdout, /^ +2 {2}window +of layer 1$/m);
  assertMatch(stdout, /^ {2}model\.layers\.0\.mamba\.A_log\.0 +f32 +80 x 4 +1,280$/m);
  assertMatch(stdout, /^ +32,768( +[\d,]+){4}$/m);
});

Deno.test("hymba inspect reads no weights: NaN in all of them is no matter", () =>
  withTemporaryFolder(async (folder) => {
    const path = `${await copyOfTinyPair(folder)}/model.safetensors`;
    const bytes = await Deno.readFile(path);
    bytes.fill(0xff, 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true)));
    await Deno.writeFile(path, bytes);
    assertEquals((await runHymba(["inspect", folder], { permissions })).code, 0);
    const args = ["logits", "--model", folder, "--backend", "reference", "--ids", "1"];
    const { code, stdout, stderr } = await runHymba(args, { permissions });
    assertEquals({ code, stdout }, { code: 1, stdout: "" });
    assertMatch(stderr, /^error: Cannot .*NaN.*\n {2}.*\n$/);
  }));

Deno.test("hymba inspect shows a checkpoint that does not fit its config, and fails", () =>
  withTemporaryFolder(async (folder) => {
    const path = `${await copyOfTinyPair(folder)}/config.json`;
    const config = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...config, mamba_d_state: 8 }));
    const { code, stdout, stderr } = await runHymba(["inspect", folder], { permissions });
    assertEquals(code, 1);
    assertStringIncludes(stdout, "Tensors by dtype");
    assertMatch(
      stderr,
      /^error: Cannot load tensor "model\.layers\.0\..*expected \[.*\n {2}Check that .*\n$/,
    );
  }));

Deno.test("hymba inspect reads a checkpoint from a URL", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const file = new URL(request.url).pathname.slice(1);
    const bytes = await Deno.readFile(`${fixture("tiny-pair")}/${file}`).catch(() => null);
    return bytes ? new Response(bytes) : new Response(null, { status: 404 });
  });
  const { port } = server.addr;
  const { code, stdout, stderr } = await runHymba(["inspect", "--model", `http://127.0.0.1:${port}/`], {
    permissions: [`--allow-net=127.0.0.1:${port}`],
  });
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertStringIncludes(linesOf(stdout)[0], "in 117 tensors");
});
