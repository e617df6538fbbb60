/** Downloads over connections that fail in every way: what is in the cache at the end is the file, or an error says why not. */
import { createHash } from "node:crypto";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { MemoryModelCache, WeightsError } from "../../mod.ts";
import { PIECE_BYTES } from "../../runtime/cache/download.ts";
import type { DownloadOptions } from "../../runtime/cache/download_options.ts";
import type { ModelCache } from "../../runtime/cache/model_cache.ts";
import { storeFailure } from "../../runtime/cache/model_cache.ts";
import { openHub } from "../../runtime/hub/open_hub.ts";
import { cutOff, FakeHub, type Fault, patternBytes } from "./fake_hub.ts";

const SIZE = 2 * PIECE_BYTES + 1000;
const BIG = patternBytes(SIZE);
const retry = { attempts: 4, backoffMs: 1 };

function bigHub(fault: Fault = () => null): FakeHub {
  const hub = new FakeHub({ "big.bin": { bytes: BIG, isLarge: true } });
  hub.fault = fault;
  return hub;
}

/** Downloads big.bin and gives its bytes, as the cache has them. */
async function fetchBig(
  hub: FakeHub,
  options: DownloadOptions = {},
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const all = { endpoint: hub.endpoint, cache: new MemoryModelCache(), retry, ...options };
  const open = await openHub({ repo: "org/model", file: null, revision: "main" }, all, signal);
  const source = await open("big.bin");
  return await source.read(0, source.size);
}

/** Whether two arrays are equal, without a message of millions of bytes where not. */
function assertBig(bytes: Uint8Array): void {
  assertEquals(bytes.length, SIZE);
  assert(bytes.every((byte, i) => byte === BIG[i]), "the bytes differ");
}

/** A fault of the files' server, by the number of the request for it, from 0. */
function fileFault(
  fault: (index: number, answer: () => Response) => Response | null | Promise<Response | null>,
): Fault {
  let count = 0;
  return ({ server }, answer) => server === "files" ? fault(count++, answer) : null;
}

Deno.test("download goes on at the very byte where a connection broke", async () => {
  const cuts = [1000, 3_000_000, PIECE_BYTES];
  await using hub = bigHub(
    fileFault((i, answer) => i < cuts.length ? cutOff(answer(), cuts[i]) : null),
  );
  const seen: number[] = [];
  const onProgress = (
    { file, receivedBytes, totalBytes }: { file: string; receivedBytes: number; totalBytes: number },
  ): void => {
    assertEquals([file, totalBytes], ["org/model/big.bin", SIZE]);
    seen.push(receivedBytes);
  };
  assertBig(await fetchBig(hub, { onProgress }));
  const starts = hub.ranges.map((range) => Number(/\d+/.exec(range!)![0]));
  assertEquals(starts[0], 0);
  assertEquals(starts.length, cuts.length + 1);
  starts.slice(1).forEach((start, i) => assert(start > starts[i] && start <= starts[i] + cuts[i]));
  assertEquals(seen.at(-1), SIZE);
  assert(seen.every((count, i) => i === 0 || count > seen[i - 1]), "progress goes back");
});

Deno.test("download opens a connection anew that has gone silent", async () => {
  await using hub = bigHub(fileFault((i, answer) => i === 0 ? cutOff(answer(), 5000, true) : null));
  assertBig(await fetchBig(hub, { retry: { ...retry, stallMs: 200 } }));
  assertEquals(hub.ranges[1]?.slice(0, 8), "bytes=50");
});

Deno.test("download takes a server that sends in drops", async () => {
  await using hub = bigHub(fileFault((_, answer) => {
    const drops = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        for (let i = 0; i < chunk.length; i += 10_007) controller.enqueue(chunk.subarray(i, i + 10_007));
      },
    });
    const { body, status, headers } = answer();
    return new Response(body!.pipeThrough(drops), { status, headers });
  }));
  assertBig(await fetchBig(hub));
});

for (const status of [429, 500, 502, 503]) {
  Deno.test(`download and the listing try again after ${status}`, async () => {
    const refused = new Set<string>();
    await using hub = bigHub(({ path }) => {
      if (refused.has(path)) return null;
      refused.add(path);
      return new Response("busy", { status, headers: { "retry-after": "0" } });
    });
    assertBig(await fetchBig(hub));
    assertEquals(refused.size, 4); // the commit, the listing, the redirect, and the file
  });
}

Deno.test("download gives up after so many tries in a row that bring nothing, and says what happened", async () => {
  await using broken = bigHub(fileFault(() => new Response(null, { status: 500 })));
  await assertRejects(() => fetchBig(broken), WeightsError, "answers 500");
  assertEquals(broken.ranges.length, 4);
  await using silent = bigHub(fileFault((_, answer) => cutOff(answer(), 0)));
  const error = await assertRejects(() => fetchBig(silent), WeightsError, 'Cannot fetch "org/model/big.bin"');
  assertStringIncludes(error.remedy, "network");
  assertEquals(silent.ranges.length, 4);
});

Deno.test("download does not wait for longer than a minute when a server asks to: it says so", async () => {
  await using hub = bigHub(
    fileFault(() => new Response(null, { status: 429, headers: { "retry-after": "3600" } })),
  );
  await assertRejects(() => fetchBig(hub), WeightsError, "answers 429");
  assertEquals(hub.ranges.length, 1);
});

Deno.test("download does not repeat what is refused for good", async () => {
  for (const status of [401, 403, 404]) {
    await using hub = bigHub(fileFault(() => new Response(null, { status })));
    await assertRejects(() => fetchBig(hub), WeightsError, `answers ${status}`);
    assertEquals(hub.ranges.length, 1);
  }
});

Deno.test("download fetches a file anew whose bytes are wrong, once, and keeps nothing of it when they stay so", async () => {
  const wrong = BIG.slice();
  wrong[PIECE_BYTES + 5] ^= 1;
  const spoil = (answer: () => Response): Response =>
    new Response(wrong, { status: 206, headers: answer().headers });
  await using once = bigHub(fileFault((i, answer) => i === 0 ? spoil(answer) : null));
  assertBig(await fetchBig(once));
  assertEquals(once.ranges.length, 2);
  await using always = bigHub(fileFault((_, answer) => spoil(answer)));
  const cache = new KeyedCache();
  const error = await assertRejects(() => fetchBig(always, { cache }), WeightsError, "its bytes have hash");
  assertStringIncludes(error.message, `expected ${createHash("sha256").update(BIG).digest("hex")}`);
  assertEquals(always.ranges.length, 2);
  assertEquals([...cache.keys].filter((key) => key.startsWith("blobs/")), []);
});

Deno.test("download checks small files by git's hash", async () => {
  await using hub = new FakeHub({ "config.json": { bytes: patternBytes(500) } });
  hub.fault = fileFault((_, answer) =>
    new Response(patternBytes(500, 2), { status: 206, headers: answer().headers })
  );
  const options = { endpoint: hub.endpoint, cache: new MemoryModelCache(), retry };
  const open = await openHub({ repo: "org/model", file: null, revision: "main" }, options);
  await assertRejects(() => open("config.json"), WeightsError, "its bytes have hash");
});

Deno.test("download refuses a file of another length than is listed", async () => {
  const headers = { "content-range": `bytes 0-${SIZE - 2}/${SIZE - 1}` };
  await using hub = bigHub(fileFault(() => new Response(BIG.subarray(1), { status: 206, headers })));
  await assertRejects(() => fetchBig(hub), WeightsError, `expected the same file of ${SIZE} bytes`);
  await using whole = bigHub(fileFault(() => new Response(BIG.subarray(1))));
  await assertRejects(() => fetchBig(whole), WeightsError, `expected the same file of ${SIZE} bytes`);
});

Deno.test("download copes with a server that knows no ranges", async () => {
  await using hub = bigHub(
    fileFault((i) => i === 0 ? cutOff(new Response(BIG), 3_000_000) : new Response(BIG)),
  );
  assertBig(await fetchBig(hub));
});

Deno.test("download stops at once when it is aborted, and the next one goes on from the pieces that came", async () => {
  const cache = new MemoryModelCache();
  const controller = new AbortController();
  const reason = new Error("enough");
  await using hub = bigHub(
    fileFault((i, answer) => i === 0 ? cutOff(answer(), PIECE_BYTES + 10, true) : null),
  );
  const onProgress = ({ receivedBytes }: { receivedBytes: number }): void => {
    if (receivedBytes > PIECE_BYTES) controller.abort(reason);
  };
  const error = await assertRejects(() => fetchBig(hub, { cache, onProgress }, controller.signal));
  assertEquals(error, reason);
  assertBig(await fetchBig(hub, { cache }));
  assertEquals(hub.ranges, [`bytes=0-${SIZE - 1}`, `bytes=${PIECE_BYTES}-${SIZE - 1}`]);
});

Deno.test("download does not wait out a pause when it is aborted", async () => {
  const controller = new AbortController();
  await using hub = bigHub(fileFault(() => {
    queueMicrotask(() => controller.abort(new Error("enough")));
    return new Response(null, { status: 503, headers: { "retry-after": "59" } });
  }));
  const error = await assertRejects(() => fetchBig(hub, {}, controller.signal));
  assertEquals((error as Error).message, "enough");
});

/** A cache that knows its keys, and has room for so many bytes. */
class KeyedCache extends MemoryModelCache implements ModelCache {
  readonly keys = new Set<string>();
  room = Infinity;

  override async write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.room -= bytes.length;
    if (this.room < 0) throw storeFailure(this.name, bytes.length, true, new Error("ENOSPC"));
    this.keys.add(key);
    await super.write(key, bytes);
  }

  override async delete(key: string): Promise<void> {
    this.keys.delete(key);
    await super.delete(key);
  }
}

Deno.test("download says when the disk is full, and goes on once there is room", async () => {
  await using hub = bigHub();
  const cache = new KeyedCache();
  cache.room = PIECE_BYTES + 10_000;
  const error = await assertRejects(() => fetchBig(hub, { cache }), WeightsError, "there is no room");
  assertStringIncludes(error.remedy, "Make room");
  cache.room = Infinity;
  assertBig(await fetchBig(hub, { cache }));
  assertEquals(hub.ranges[1], `bytes=${PIECE_BYTES}-${SIZE - 1}`);
});
