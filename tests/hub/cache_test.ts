/** Caches: one suite for all of them, and what only a folder can do. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  BrowserModelCache,
  FolderModelCache,
  MemoryModelCache,
  type ModelCache,
  WeightsError,
} from "../../mod.ts";
import { PIECE_BYTES } from "../../runtime/cache/download.ts";
import { createHash } from "node:crypto";
import { cutOff, FakeHub, patternBytes } from "./fake_hub.ts";

const PROCESS = new URL("./fake_hub_process.ts", import.meta.url).href;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

const KINDS: readonly (readonly [name: string, open: (folder: string) => Promise<ModelCache>])[] = [
  ["MemoryModelCache", () => Promise.resolve(new MemoryModelCache())],
  ["FolderModelCache", (folder) => FolderModelCache.open(folder)],
  ["BrowserModelCache", (folder) => BrowserModelCache.open(folder)],
];

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
    await caches.delete(folder);
  }
}

for (const [name, open] of KINDS) {
  Deno.test(`${name} keeps what it is given, under the key, whole or in part`, () =>
    withFolder(async (folder) => {
      const cache = await open(folder);
      assertEquals([await cache.size("a/b"), await cache.size("a")], [null, null]);
      await assertRejects(() => cache.read("a/b", 0, 0), WeightsError, "missing");
      const bytes = patternBytes(100_000);
      await cache.write("a/b", bytes);
      await cache.write("a/b.c_%3A-", new Uint8Array(0));
      assertEquals([await cache.size("a/b"), await cache.size("a/b.c_%3A-")], [100_000, 0]);
      assertEquals(await cache.read("a/b", 0, 100_000), bytes);
      assertEquals(await cache.read("a/b", 99_990, 10), bytes.subarray(99_990));
      await assertRejects(() => cache.read("a/b", 99_990, 11), WeightsError, "cut short");
      await cache.write("a/b", bytes.subarray(0, 5));
      assertEquals(await cache.read("a/b", 0, 5), bytes.subarray(0, 5));
      await cache.delete("a/b");
      await cache.delete("a/b");
      assertEquals(await cache.size("a/b"), null);
    }));
}

Deno.test("FolderModelCache leaves no parts behind, and says why it cannot write", () =>
  withFolder(async (folder) => {
    const cache = await FolderModelCache.open(folder);
    await cache.write("a/b", new Uint8Array(10));
    assertEquals((await Array.fromAsync(Deno.readDir(`${folder}/a`))).map(({ name }) => name), ["b"]);
    const error = await assertRejects(() => cache.write("a/b/c", new Uint8Array(10)), WeightsError);
    assertStringIncludes(error.message, `Cannot store 10 bytes in the cache in ${folder}`);
    assertEquals(await cache.size("a/b/c"), null);
  }));

/** Starts a process that downloads into a folder. */
function startDownload(hub: FakeHub, folder: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--config", CONFIG, "-RWN", PROCESS, hub.endpoint, folder],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function hashFrom(process: Deno.ChildProcess): Promise<string> {
  const { stdout, stderr } = await process.output();
  return new TextDecoder().decode(stdout).trim() || new TextDecoder().decode(stderr);
}

const BIG = patternBytes(2 * PIECE_BYTES + 77);
const HASH = createHash("sha256").update(BIG).digest("hex");

Deno.test("a download goes on where a killed process left it", () =>
  withFolder(async (folder) => {
    await using hub = new FakeHub({ "big.bin": { bytes: BIG, isLarge: true } });
    let isFirst = true;
    hub.fault = ({ server }, answer) => {
      if (server === "hub" || !isFirst) return null;
      isFirst = false;
      return cutOff(answer(), PIECE_BYTES + 100_000, true);
    };
    const process = startDownload(hub, folder);
    const piece = `${folder}/blobs/sha256-${HASH}/000000`;
    while (await Deno.stat(piece).catch(() => null) === null) {
      await new Promise((done) => setTimeout(done, 20));
    }
    process.kill("SIGKILL");
    await process.output();
    assertEquals(await hashFrom(startDownload(hub, folder)), HASH);
    const end = BIG.length - 1;
    assertEquals(hub.ranges, [`bytes=0-${end}`, `bytes=${PIECE_BYTES}-${end}`]);
  }));

Deno.test("processes that download one file at once each end with all of it", () =>
  withFolder(async (folder) => {
    await using hub = new FakeHub({ "big.bin": { bytes: BIG, isLarge: true } });
    let broken = 0;
    hub.fault = ({ server }, answer) =>
      server === "files" && broken++ < 2 ? cutOff(answer(), 5_000_000) : null;
    const processes = [1, 2, 3].map(() => hashFrom(startDownload(hub, folder)));
    assertEquals(await Promise.all(processes), [HASH, HASH, HASH]);
    const names = (await Array.fromAsync(Deno.readDir(`${folder}/blobs/sha256-${HASH}`))).map(({ name }) =>
      name
    );
    assertEquals(names.sort(), ["000000", "000001", "000002", "whole"]);
  }));
