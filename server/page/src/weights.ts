/** @file The default model's file: from the browser's cache, or fetched once and kept there, so that the page works offline. */
import { WeightsError } from "../../../runtime/errors.ts";

/** The cache that holds it; of older versions only one file stays. */
const CACHE = "hymba-weights";

/**
 * Gives the file's bytes.
 *
 * @throws {WeightsError} where it is not cached and cannot be fetched
 */
export async function readWeights(
  url: URL,
  onProgress: (progress: { loadedBytes: number; totalBytes: number }) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  // Pages that are neither on HTTPS nor on this machine have no cache.
  const cache = "caches" in globalThis ? await caches.open(CACHE) : null;
  const kept = await cache?.match(url);
  if (kept) return await readBody(kept, onProgress);
  const response = await fetch(url).catch((cause) => {
    throw unreachable(`the network says "${(cause as Error).message}"`, cause);
  });
  if (!response.ok) throw unreachable(`the server answers ${response.status}`);
  const bytes = await readBody(response, onProgress);
  await cache?.put(url, new Response(bytes, { headers: { "content-length": String(bytes.length) } }));
  for (const old of await cache?.keys() ?? []) if (old.url !== url.href) await cache?.delete(old);
  return bytes;
}

async function readBody(
  response: Response,
  onProgress: Parameters<typeof readWeights>[1],
): Promise<Uint8Array<ArrayBuffer>> {
  const totalBytes = Number(response.headers.get("content-length"));
  const bytes = new Uint8Array(totalBytes);
  let loadedBytes = 0;
  for (const reader = response.body!.getReader();;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (loadedBytes + value.length > totalBytes) throw unreachable("the file is longer than announced");
    bytes.set(value, loadedBytes);
    loadedBytes += value.length;
    onProgress({ loadedBytes, totalBytes });
  }
  if (loadedBytes < totalBytes) throw unreachable("the file broke off");
  return bytes;
}

function unreachable(is: string, cause?: unknown): WeightsError {
  return new WeightsError(
    `Cannot fetch the model: ${is}, expected its file`,
    "Check the connection, then reload the page",
    { cause },
  );
}
