/**
 * @file Serves the web page and the default model's weights to it. Its files come with the module graph: no file system, no
 * permission.
 */
import { decodeBase64 } from "../../wasm/decode_base64.ts";
import { openStories } from "../../models/stories/open_stories.ts";
import type { ByteSource } from "../../runtime/formats/byte_source.ts";
import { PAGE_FILES, WEIGHTS_PATH } from "./files.ts";
import type { PageFile } from "./page_file.ts";

/** Bytes of the weights that are sent at a time. */
const PIECE_BYTES = 2 ** 18;

/**
 * The page loads what it came with and nothing else; isolated, it may share memory with its workers. Threads of the kernels are workers
 * whose program is text.
 */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; " +
    "style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * Answers a request for the page or what belongs to it; null: it is for something else.
 *
 * @param path the part of the address behind the page's own, "" for the page itself
 */
export async function servePage(request: Request, path: string): Promise<Response | null> {
  const isWeights = path === WEIGHTS_PATH;
  if (!isWeights && !Object.hasOwn(PAGE_FILES, path)) return null;
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response(null, { status: 405, headers: { ...HEADERS, allow: "GET, HEAD" } });
  }
  // What has a hash in its path never changes; the others are asked for anew each time.
  const isFixed = isWeights || path.startsWith("assets/");
  const headers = new Headers({
    ...HEADERS,
    "cache-control": isFixed ? "public, max-age=31536000, immutable" : "no-cache",
  });
  const body = isWeights ? await weights(headers) : file(PAGE_FILES[path], request, headers);
  if (request.method === "HEAD") await body.cancel();
  return new Response(request.method === "HEAD" ? null : body, { headers });
}

async function weights(headers: Headers): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const source = await openStories();
  headers.set("content-type", "application/octet-stream");
  headers.set("content-length", String(source.size));
  return streamOf(source);
}

function streamOf(source: ByteSource): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  return new ReadableStream({
    async pull(controller): Promise<void> {
      const length = Math.min(PIECE_BYTES, source.size - offset);
      if (length === 0) return controller.close();
      controller.enqueue((await source.read(offset, length)).slice()); // the weights' memory stays ours
      offset += length;
    },
  });
}

/** Sends a file as it is kept, or unpacked for those who do not take it so. */
function file(
  { type, gzip }: PageFile,
  request: Request,
  headers: Headers,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const packed = decodeBase64(gzip);
  headers.set("content-type", type);
  headers.set("vary", "accept-encoding");
  const body = new Blob([packed]).stream();
  if (!/\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")) {
    return body.pipeThrough(new DecompressionStream("gzip"));
  }
  headers.set("content-encoding", "gzip");
  headers.set("content-length", String(packed.length));
  return body;
}
