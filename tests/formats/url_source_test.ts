import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { WeightsError } from "../../runtime/errors.ts";
import { openUrlSource } from "../../runtime/sources/url_source.ts";

const SIZE = 3_000_000;
const file = Uint8Array.from({ length: SIZE }, (_, i) => (i * 7919) >> 3);

type Handler = (request: Request) => Response | Promise<Response>;

/** Runs `body` against a server on the loopback address that answers with `handler`. */
async function withServer(handler: Handler, body: (url: URL) => Promise<void>): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  try {
    await body(new URL(`http://127.0.0.1:${server.addr.port}/model.gguf?token=secret`));
  } finally {
    await server.shutdown();
  }
}

/** A range server; `change` may replace the headers or the body of each answer. */
function rangeServer(log: string[], change: (init: ResponseInit, part: Uint8Array) => Response): Handler {
  return (request) => {
    const range = request.headers.get("range") ?? "";
    log.push(range);
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(range)!.map(Number);
    const end = Math.min(last, SIZE - 1);
    const headers = { "content-range": `bytes ${first}-${end}/${SIZE}`, etag: '"1"' };
    return change({ status: 206, headers }, file.slice(first, end + 1));
  };
}

const plainAnswer = (init: ResponseInit, part: Uint8Array): Response => new Response(part as BodyInit, init);

Deno.test("openUrlSource reads ranges, fetching small neighbours together", async () => {
  const log: string[] = [];
  await withServer(rangeServer(log, plainAnswer), async (url) => {
    const source = await openUrlSource(url);
    assertEquals(source.size, SIZE);
    assertEquals(source.name, url.origin + "/model.gguf");
    assertEquals(await source.read(100, 1000), file.subarray(100, 1100));
    assertEquals(await source.read(5000, 0), new Uint8Array(0));
    assertEquals(log.length, 1);
    assertEquals(await source.read(2_000_000, 500_000), file.subarray(2_000_000, 2_500_000));
    assertEquals(await source.read(2_500_000, 500_000), file.subarray(2_500_000));
    assertEquals(log, ["bytes=0-1048575", "bytes=2000000-2999999"]);
    assertEquals(await source.read(0, SIZE), file);
    assertEquals(await source.read(SIZE, 0), new Uint8Array(0));
    await assertRejects(() => source.read(SIZE - 1, 2), WeightsError, "Cannot read");
    await source.close();
  });
});

Deno.test("openUrlSource sends the caller's headers with every request", async () => {
  const seen: (string | null)[] = [];
  const handler: Handler = (request) => {
    seen.push(request.headers.get("authorization"));
    return rangeServer([], plainAnswer)(request);
  };
  await withServer(handler, async (url) => {
    const source = await openUrlSource(url, { headers: { authorization: "Bearer x" } });
    await source.read(2_000_000, 10);
  });
  assertEquals(seen, ["Bearer x", "Bearer x"]);
});

Deno.test("openUrlSource streams the body once when the server ignores ranges", async () => {
  let requests = 0;
  for (const headers of [{ "content-length": String(SIZE) }, {}] as Record<string, string>[]) {
    requests = 0;
    const handler: Handler = () => {
      requests++;
      return new Response(new Blob([file]).stream(), { headers });
    };
    await withServer(handler, async (url) => {
      const source = await openUrlSource(url);
      assertEquals(source.size, SIZE);
      const reads = [source.read(SIZE - 10, 10), source.read(0, 100), source.read(1_000_000, 500_000)];
      const [end, start, middle] = await Promise.all(reads);
      assertEquals(end, file.subarray(SIZE - 10));
      assertEquals(start, file.subarray(0, 100));
      assertEquals(middle, file.subarray(1_000_000, 1_500_000));
      await source.close();
    });
    assertEquals(requests, 1);
  }
});

Deno.test("openUrlSource asks for the whole file when a partial answer hides its size", async () => {
  const handler: Handler = (request) =>
    request.headers.has("range") ? new Response(file.slice(0, 100), { status: 206 }) : new Response(file);
  await withServer(handler, async (url) => {
    const source = await openUrlSource(url);
    assertEquals(await source.read(0, SIZE), file);
    await source.close();
  });
});

Deno.test("openUrlSource turns refusals into WeightsErrors that tell no secrets", async () => {
  const remedies: [number, string][] = [[401, "token"], [403, "token"], [404, "file name"], [416, "empty"], [
    500,
    "later",
  ], [503, "later"]];
  for (const [status, remedy] of remedies) {
    await withServer(() => new Response("no", { status }), async (url) => {
      const error = await assertRejects(() => openUrlSource(url), WeightsError, `answers ${status}`);
      assertStringIncludes(error.remedy, remedy);
      assert(!error.message.includes("secret"));
    });
  }
});

Deno.test("openUrlSource refuses text that is no URL and servers that are not there", async () => {
  await assertRejects(() => openUrlSource("model.gguf"), WeightsError, "it is not a URL");
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await assertRejects(() => openUrlSource(`http://127.0.0.1:${port}/x`), WeightsError, "Cannot fetch");
});

Deno.test("openUrlSource refuses answers of the wrong range, length or version", async () => {
  const wrong: Record<string, (init: ResponseInit, part: Uint8Array) => Response> = {
    "short body": (init, part) => plainAnswer(init, part.subarray(1)),
    "long body": (init, part) => plainAnswer(init, new Uint8Array(part.length + 1)),
    "another range": (init, part) =>
      plainAnswer({ ...init, headers: { "content-range": `bytes 5-9/${SIZE}`, etag: '"1"' } }, part),
    "whole file": () => new Response(file),
    "another version": (init, part) =>
      plainAnswer({ ...init, headers: { ...init.headers as Record<string, string>, etag: '"2"' } }, part),
  };
  for (const [name, change] of Object.entries(wrong)) {
    let count = 0;
    const log: string[] = [];
    const handler = rangeServer(log, (init, part) => (count++ === 0 ? plainAnswer : change)(init, part));
    await withServer(handler, async (url) => {
      const source = await openUrlSource(url);
      const error = await source.read(2_000_000, 100).catch((error) => error);
      assertInstanceOf(error, WeightsError, name);
      await source.close();
    });
  }
});

Deno.test("openUrlSource reports a streamed body that breaks off or goes on too long", async () => {
  for (const announced of [SIZE + 1, SIZE - 1]) {
    const answer = (): Response =>
      new Response(file.slice(), { headers: { "content-length": String(announced), "content-type": "x/y" } });
    const source = await openUrlSource("http://host.invalid/x", { fetch: () => Promise.resolve(answer()) });
    await assertRejects(() => source.read(announced - 1, 1), WeightsError, `expected ${announced}`);
    await source.close();
  }
});

Deno.test("openUrlSource stops at an abort while a server dawdles, and loses no bytes by it", async () => {
  let release = (): void => {};
  const dawdled = new Promise<void>((resolve) => release = resolve);
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(file.slice(0, 1000));
      await dawdled;
      controller.enqueue(file.slice(1000));
      controller.close();
    },
  });
  const response = new Response(body, { headers: { "content-length": String(SIZE) } });
  const source = await openUrlSource("http://host.invalid/x", { fetch: () => Promise.resolve(response) });
  const abort = new AbortController();
  const read = source.read(0, 2000, abort.signal);
  const reason = new Error("enough");
  abort.abort(reason);
  assertEquals(await assertRejects(() => read), reason);
  release();
  assertEquals(await source.read(0, 2000), file.subarray(0, 2000));
  await source.close();
});
