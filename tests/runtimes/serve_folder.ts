/** @file A static file server on the loopback address. */

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript",
  html: "text/html",
  wasm: "application/wasm",
};

/** A running server. */
export interface FolderServer extends AsyncDisposable {
  /** Ends in a slash. */
  readonly url: string;
}

/** Serves a folder's own files, and an empty page for every name that ends in .html, with more headers if given. */
export function serveFolder(folder: string, headers: Readonly<Record<string, string>> = {}): FolderServer {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
    const name = new URL(url).pathname.slice(1);
    const type = TYPES[name.split(".").at(-1)!];
    if (!/^[\w.-]+$/.test(name) || type === undefined) return new Response(null, { status: 404 });
    const body = name.endsWith(".html") ? "<!doctype html><title>empty</title>" : await Deno.readFile(
      `${folder}/${name}`,
    );
    return new Response(body, { headers: { "content-type": type, ...headers } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
