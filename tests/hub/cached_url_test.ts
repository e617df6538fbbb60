/** A GGUF file at a URL, through a cache. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryModelCache, WeightsError } from "../../mod.ts";
import { openCachedUrl } from "../../runtime/cache/cached_url.ts";
import { PIECE_BYTES } from "../../runtime/cache/download.ts";
import { cutOff, patternBytes, rangeAnswer } from "./fake_hub.ts";

const SIZE = PIECE_BYTES + 5000;
const retry = { attempts: 3, backoffMs: 1 };

/** A server with one file, which may change or break. */
class FileServer implements AsyncDisposable {
  bytes = patternBytes(SIZE);
  readonly ranges: (string | null)[] = [];
  fault: (index: number, answer: Response) => Response | Promise<Response> = (_, answer) => answer;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} } as const;
    this.#server = Deno.serve(options, (request) => {
      const index = this.ranges.push(request.headers.get("range")) - 1;
      return this.fault(index, rangeAnswer(this.bytes, this.ranges[index]));
    });
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${this.#server.addr.port}/model.gguf`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

async function contentOf(url: URL, cache: MemoryModelCache, offline = false): Promise<Uint8Array> {
  const source = await openCachedUrl(url, cache, { retry, offline });
  return await source.read(0, source.size);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

Deno.test("openCachedUrl fetches a file once, over a broken connection too, and then asks for its version only", async () => {
  const cache = new MemoryModelCache();
  let url: URL;
  const bytes = patternBytes(SIZE);
  {
    await using server = new FileServer();
    ({ url } = server);
    server.fault = (index, answer) => index === 1 ? cutOff(answer, 1_000_000) : answer;
    assert(same(await contentOf(url, cache), bytes));
    assertEquals([server.ranges.length, server.ranges[0]], [3, "bytes=0-0"]);
    assert(same(await contentOf(url, cache), bytes));
    assertEquals(server.ranges.slice(3), ["bytes=0-0"]);
    assert(same(await contentOf(url, cache, true), bytes));
    assertEquals(server.ranges.length, 4);
  }
  assert(same(await contentOf(url, cache), bytes)); // nobody listens there any more
});

Deno.test("openCachedUrl fetches a file that changed, and never mixes two versions", async () => {
  await using server = new FileServer();
  const cache = new MemoryModelCache();
  await contentOf(server.url, cache);
  server.bytes = patternBytes(SIZE, 2);
  assert(same(await contentOf(server.url, cache), server.bytes));
  server.bytes = patternBytes(SIZE, 3);
  const count = server.ranges.length;
  server.fault = (index, answer) => {
    if (index === count) server.bytes = patternBytes(SIZE, 4); // between the question for the version and the file
    return answer;
  };
  await assertRejects(() => contentOf(server.url, cache), WeightsError, "its ETag is another");
  assert(same(await contentOf(server.url, cache), server.bytes));
});

Deno.test("openCachedUrl reads past the cache where a server says nothing of versions", async () => {
  await using server = new FileServer();
  server.fault = (_, answer) => {
    answer.headers.delete("etag");
    return answer;
  };
  const cache = new MemoryModelCache();
  assert(same(await contentOf(server.url, cache), server.bytes));
  await assertRejects(() => contentOf(server.url, cache, true), WeightsError, "not in the cache");
});
