/** @file Serves what the browser needs, on the loopback address, isolated so that it has threads. */
import { extname } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html",
};

const HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** A running server; `url` ends in a slash. */
export interface PeerServer extends AsyncDisposable {
  readonly url: string;
}

/** Serves folders by the first part of a path, and an empty page as the root. */
export function servePeers(folders: Readonly<Record<string, string>>): PeerServer {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
    const [, top, ...rest] = decodeURIComponent(new URL(url).pathname).split("/");
    if (top === "") {
      return new Response("<!doctype html><title>peers</title>", {
        headers: { ...HEADERS, "content-type": "text/html" },
      });
    }
    if (!(top in folders) || rest.includes("..")) {
      return new Response(null, { status: 404, headers: HEADERS });
    }
    const file = await Deno.open(`${folders[top]}/${rest.join("/")}`).catch(() => null);
    if (file === null) return new Response(null, { status: 404, headers: HEADERS });
    const { size } = await file.stat();
    const type = TYPES[extname(url)] ?? "application/octet-stream";
    return new Response(file.readable, {
      headers: { ...HEADERS, "content-type": type, "content-length": String(size) },
    });
  });
  return { url: `http://127.0.0.1:${server.addr.port}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}
