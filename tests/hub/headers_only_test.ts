/** Looking at a model of the hub, or at a URL, without fetching its weights. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryModelCache, WeightsError } from "../../mod.ts";
import { openStories } from "../../models/stories/open_stories.ts";
import { openCheckpoint } from "../../runtime/checkpoint.ts";
import { runHymba } from "../cli/run_hymba.ts";
import { FakeHub } from "./fake_hub.ts";

const stories = await openStories();
const bytes = await stories.read(0, stories.size);
const storiesHub = (): FakeHub => new FakeHub({ "stories.gguf": { bytes, isLarge: true } });

/** Bytes of ranges that were asked for. */
function asked(ranges: readonly (string | null)[]): number {
  return ranges.reduce((sum, range) => {
    const [first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "")!.slice(1).map(Number);
    return sum + last + 1 - first;
  }, 0);
}

Deno.test("openCheckpoint with headersOnly leaves weights on the hub, and uses them where they are cached", async () => {
  await using hub = storiesHub();
  const download = { endpoint: hub.endpoint, cache: new MemoryModelCache(), token: "hf_x" };
  const local = await openCheckpoint(bytes);
  const look = async (): Promise<void> => {
    const { tensors, configJson } = await openCheckpoint("org/model/stories.gguf", {
      ...{ download, headersOnly: true },
    });
    assertEquals([...tensors.tensors], [...local.tensors.tensors]);
    assertEquals(configJson, local.configJson);
    await tensors.close();
  };
  await look();
  assert(asked(hub.ranges) < bytes.length / 4, `${hub.ranges}`);
  await (await openCheckpoint("org/model/stories.gguf", { download })).tensors.close();
  assert(asked(hub.ranges) >= bytes.length, `${hub.ranges}`);
  const before = hub.ranges.length;
  await look();
  assertEquals(hub.ranges.length, before);
  for (const { server, authorization } of hub.seen) {
    assertEquals(authorization, server === "hub" ? "Bearer hf_x" : null, "the token stays with the hub");
  }
});

Deno.test("openCheckpoint with headersOnly refuses a file that is not as long as the hub lists it", async () => {
  await using hub = storiesHub();
  hub.fault = ({ server, range }) =>
    server === "hub" ? null : new Response(bytes.slice(0, 1 << 20), {
      status: 206,
      headers: { "content-range": `${range!.replace("=", " ")}/${bytes.length + 1}` },
    });
  const download = { endpoint: hub.endpoint, cache: new MemoryModelCache() };
  await assertRejects(
    () => openCheckpoint("org/model/stories.gguf", { download, headersOnly: true }),
    WeightsError,
    `it has ${bytes.length + 1} bytes, expected ${bytes.length}`,
  );
});

Deno.test("hymba inspect of a model on the hub reads its header, and fetches nothing else", async () => {
  await using hub = storiesHub();
  const folder = await Deno.makeTempDir();
  try {
    const { code, stdout, stderr } = await runHymba(["inspect", "--json", "org/model/stories.gguf"], {
      permissions: [
        "--allow-net=127.0.0.1",
        `--allow-read=${folder},.`,
        `--allow-write=${folder}`,
        "--allow-env",
      ],
      env: { HF_ENDPOINT: hub.endpoint, HYMBA_MODELS: folder },
    });
    assertEquals([code, stderr], [0, ""]);
    assertEquals(JSON.parse(stdout).tensors.length, (await openCheckpoint(bytes)).tensors.tensors.size);
    assert(asked(hub.ranges) < bytes.length / 4, `${hub.ranges}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
