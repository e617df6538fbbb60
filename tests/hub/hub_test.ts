/** Models of the hub: found, fetched, kept, used again, with and without network. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigError, loadModel, MemoryModelCache, MissingFileError, WeightsError } from "../../mod.ts";
import { parseHubReference } from "../../runtime/hub/hub_reference.ts";
import { fixture } from "../cli/run_hymba.ts";
import { FakeHub } from "./fake_hub.ts";

const TINY = await Promise.all(["config.json", "model.safetensors"].map(async (name) => {
  const bytes = await Deno.readFile(`${fixture("tiny-pair")}/${name}`);
  return [name, { bytes, isLarge: name.endsWith(".safetensors") }] as const;
}));

function tinyHub(): FakeHub {
  return new FakeHub(Object.fromEntries(TINY));
}

async function logitsOf(source: string, download: object): Promise<Float32Array> {
  await using model = await loadModel(source, { backend: "reference", download });
  return await model.logits([1, 2, 3]);
}

Deno.test("loadModel loads a model of the hub and keeps it: the next load asks for the branch only", async () => {
  await using hub = tinyHub();
  const download = { endpoint: hub.endpoint, cache: new MemoryModelCache() };
  const wanted = await logitsOf(fixture("tiny-pair"), {});
  assertEquals(await logitsOf("org/model", download), wanted);
  assertEquals(hub.ranges.length, 2);
  hub.seen.length = 0;
  assertEquals(await logitsOf("org/model@main", download), wanted);
  assertEquals(hub.seen.map(({ path }) => path), ["/api/models/org/model/revision/main"]);
});

Deno.test("loadModel needs no network for a commit that is cached, nor for a branch where none is to be had", async () => {
  const cache = new MemoryModelCache();
  let endpoint: string, commit: string, wanted: Float32Array;
  {
    await using hub = tinyHub();
    ({ endpoint, commit } = hub);
    wanted = await logitsOf("org/model", { endpoint, cache });
    hub.seen.length = 0;
    assertEquals(await logitsOf(`org/model@${commit}`, { endpoint, cache }), wanted);
    assertEquals(await logitsOf("org/model", { endpoint, cache, offline: true }), wanted);
    assertEquals(hub.seen, []);
    hub.fault = () => new Response(null, { status: 503 });
    assertEquals(await logitsOf("org/model", { endpoint, cache }), wanted);
    assertEquals(hub.seen.length, 1);
  }
  assertEquals(await logitsOf("org/model", { endpoint, cache }), wanted); // nobody listens there any more
});

Deno.test("loadModel follows a branch to its new commit and fetches only what changed", async () => {
  await using hub = tinyHub();
  const download = { endpoint: hub.endpoint, cache: new MemoryModelCache() };
  const before = await logitsOf("org/model", download);
  const weights = hub.files.get("model.safetensors")!.bytes.slice();
  new DataView(weights.buffer).setFloat32(weights.length - 4, 3, true);
  hub.files.set("model.safetensors", { bytes: weights, isLarge: true });
  hub.commit = "d".repeat(40);
  hub.seen.length = 0;
  const after = await logitsOf("org/model", download);
  assert(after.some((logit, i) => logit !== before[i]));
  assertEquals(hub.ranges.length, 1);
});

Deno.test("loadModel says offline what is missing, and asks nobody", async () => {
  await using hub = tinyHub();
  const download = { endpoint: hub.endpoint, cache: new MemoryModelCache(), offline: true };
  const error = await assertRejects(() => loadModel("org/model", { download }), WeightsError, "offline");
  assertStringIncludes(error.message, 'revision "main" is not in the cache in memory');
  assertEquals(hub.seen, []);
});

Deno.test("loadModel sends the token to the hub and to nobody else", async () => {
  await using hub = tinyHub();
  const download = { endpoint: hub.endpoint, cache: new MemoryModelCache(), token: "hf_secret" };
  await logitsOf("org/model", download);
  for (const { server, authorization, path } of hub.seen) {
    assertEquals(authorization, server === "hub" ? "Bearer hf_secret" : null, path);
  }
});

Deno.test("loadModel opens one packed file of a model on the hub", async () => {
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-RW",
      "--quiet",
      new URL("../../cli.ts", import.meta.url).href,
      "convert",
      fixture("tiny-pair"),
      path,
      "--force",
      "--quantization",
      "f32",
    ],
    stderr: "null",
  }).output();
  await using hub = new FakeHub({ "packed/tiny.gguf": { bytes: await Deno.readFile(path), isLarge: true } });
  await Deno.remove(path);
  const download = { endpoint: hub.endpoint, cache: new MemoryModelCache() };
  const logits = await logitsOf("org/model/packed/tiny.gguf@main", download);
  assertEquals(logits, await logitsOf(fixture("tiny-pair"), {}));
  await assertRejects(
    () => loadModel("org/model/other.gguf", { download }),
    MissingFileError,
    'revision "main" has no such file',
  );
});

Deno.test("loadModel tells what the hub refuses", async () => {
  const refusals: readonly (readonly [status: number, remedy: string])[] = [
    [401, "access token"],
    [403, "terms"],
    [404, "revision"],
    [429, "limits requests"],
    [500, "busy or broken"],
  ];
  for (const [status, remedy] of refusals) {
    await using hub = tinyHub();
    hub.fault = () => Response.json({ error: "no" }, { status });
    const retry = { attempts: 3, backoffMs: 1 };
    const download = { endpoint: hub.endpoint, cache: new MemoryModelCache(), retry };
    const error = await assertRejects(
      () => loadModel("org/model", { download }),
      status === 404 ? MissingFileError : WeightsError,
      `answers ${status} for revision "main"`,
    );
    assertStringIncludes(error.remedy, remedy);
    assertEquals(hub.seen.length, status === 429 || status === 500 ? 3 : 1);
  }
});

Deno.test("loadModel refuses an endpoint that is none, and answers that make no sense", async () => {
  await assertRejects(
    () => loadModel("org/model", { download: { endpoint: "huggingface", cache: new MemoryModelCache() } }),
    ConfigError,
    'Cannot use the hub at "huggingface"',
  );
  for (const answer of ["<html>", "[]", '{"sha":"../../x"}', '{"sha":5}']) {
    await using hub = tinyHub();
    hub.fault = () => new Response(answer, { headers: { "content-type": "application/json" } });
    const download = { endpoint: hub.endpoint, cache: new MemoryModelCache() };
    await assertRejects(() => loadModel("org/model", { download }), WeightsError, "failed");
  }
});

Deno.test("parseHubReference takes names of the hub apart, and nothing else", () => {
  const reference = (repo: string, file: string | null, revision: string): object => ({
    repo,
    file,
    revision,
  });
  assertEquals(
    parseHubReference("nvidia/Hymba-1.5B-Instruct"),
    reference("nvidia/Hymba-1.5B-Instruct", null, "main"),
  );
  assertEquals(parseHubReference("a/b@v1.0"), reference("a/b", null, "v1.0"));
  assertEquals(parseHubReference("a/b@refs/pr/1"), reference("a/b", null, "refs/pr/1"));
  assertEquals(parseHubReference("a/b/q4/c.gguf@x"), reference("a/b", "q4/c.gguf", "x"));
  for (
    const name of [
      "",
      "a",
      "a/",
      "/a/b",
      "./a",
      "a/b/c",
      "../a",
      "a/..",
      "a/b@",
      "a/b@../x",
      "a/b@.x",
      "a/.b",
      "a/b c",
      "a/b.gguf",
    ].concat(
      ["https://a/b", "a\\b", "C:/b", "a/b@x@y", "a--b/c", "a/b/../c.gguf"],
    )
  ) assertEquals(parseHubReference(name), null, name);
});
