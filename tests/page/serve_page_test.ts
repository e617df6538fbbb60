/** What the page's server gives: files, headers, weights. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadModel } from "../../mod.ts";
import { openStories } from "../../models/stories/open_stories.ts";
import { createHandler } from "../../server/handler.ts";
import { PAGE_FILES, WEIGHTS_PATH } from "../../server/page/files.ts";
import { servePage } from "../../server/page/serve_page.ts";

async function get(path: string, init?: RequestInit): Promise<Response> {
  const response = await servePage(new Request(`http://localhost/${path}`, init), path);
  assert(response !== null, `"${path}" is served`);
  return response;
}

Deno.test("servePage serves every file the same, compressed or not", async () => {
  for (const [path, { type }] of Object.entries(PAGE_FILES)) {
    const plain = await get(path);
    assertEquals(plain.headers.get("content-type"), type);
    assertEquals(plain.headers.get("content-encoding"), null);
    const packed = await get(path, { headers: { "accept-encoding": "gzip, br" } });
    assertEquals(packed.headers.get("content-encoding"), "gzip");
    const bytes = await packed.arrayBuffer();
    assertEquals(packed.headers.get("content-length"), String(bytes.byteLength));
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    assertEquals(await new Response(unpacked).text(), await plain.text(), path);
  }
});

Deno.test("servePage's page names only files that are served", async () => {
  const page = await (await get("")).text();
  const paths = [...page.matchAll(/(?:href|src|data-weights)="([^"#]+)"/g)].map(([, path]) => path);
  assert(paths.length >= 4);
  for (const path of paths) await (await get(path, { method: "HEAD" })).text();
  const worker = await (await get("sw.js")).text();
  for (const path of Object.keys(PAGE_FILES).filter((path) => path.startsWith("assets/"))) {
    assert(worker.includes(`"${path}"`), `the service worker keeps ${path}`);
  }
});

Deno.test("servePage sends the default model's packed file", async () => {
  const response = await get(WEIGHTS_PATH);
  const source = await openStories();
  assertEquals(response.headers.get("content-length"), String(source.size));
  const bytes = new Uint8Array(await response.arrayBuffer());
  const expected = await source.read(0, source.size);
  assertEquals(bytes.length, expected.length);
  assert(bytes.every((byte, i) => byte === expected[i]));
});

Deno.test("servePage isolates the page, and lets caches keep only what never changes", async () => {
  for (const path of ["", "sw.js", WEIGHTS_PATH, ...Object.keys(PAGE_FILES)]) {
    const { headers } = await get(path, { method: "HEAD" });
    assertEquals(headers.get("cross-origin-opener-policy"), "same-origin");
    assertEquals(headers.get("cross-origin-embedder-policy"), "require-corp");
    assertMatch(
      headers.get("content-security-policy")!,
      /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'/,
    );
    const isFixed = path.startsWith("assets/") || path === WEIGHTS_PATH;
    assertEquals(headers.get("cache-control")!.includes("immutable"), isFixed, path);
  }
});

Deno.test("servePage answers HEAD without a body, refuses to be written to, and knows nothing else", async () => {
  assertEquals(await (await get("", { method: "HEAD" })).text(), "");
  assertEquals((await get("", { method: "POST" })).status, 405);
  for (const path of ["nothing", "assets/", "__proto__", "constructor", "assets/../sw.js"]) {
    assertEquals(await servePage(new Request("http://localhost/"), path), null);
  }
});

Deno.test("createHandler serves the page unless told not to, and needs no key for it", async () => {
  await using model = await loadModel();
  await using open = createHandler(model, { keys: ["a-secret-key"] });
  await using closed = createHandler(model, { page: false });
  const request = (): Request => new Request("http://localhost/");
  const response = await open(request());
  assertEquals(response.status, 200);
  assertMatch(await response.text(), /<title>Hymba stories<\/title>/);
  const refused = await closed(request());
  assertEquals(refused.status, 404);
  await refused.text();
});
