/**
 * @file A package registry on the loopback address: takes what `deno publish` uploads and serves it the way JSR does, sources as
 * they are.
 */

/** A running registry with one version of one package in it. */
export interface Registry extends AsyncDisposable {
  /** For JSR_URL; ends in a slash. */
  readonly url: string;
  /** Path from the package's root, such as `/mod.ts` -> content. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Paths that were fetched, in order. */
  readonly requests: readonly string[];
}

interface Upload {
  readonly version: string;
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
}

/** Starts a registry and has `deno publish` put the package of `folder` in it. */
export async function publishToLoopback(folder: URL): Promise<Registry> {
  const uploads: Upload[] = [];
  const requests: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/")) return await publishing(request, pathname, uploads);
    requests.push(pathname);
    return await serve(pathname, uploads[0]);
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await publish(folder, url);
  const [{ files }] = uploads;
  return { url, files, requests, [Symbol.asyncDispose]: () => server.shutdown() };
}

async function publish(folder: URL, url: string): Promise<void> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--allow-dirty", "--no-provenance", "--no-lock", "--token", "a-token"],
    cwd: folder,
    env: { JSR_URL: url, NO_COLOR: "1" },
  }).output();
  if (!output.success) throw new Error(`deno publish failed:\n${new TextDecoder().decode(output.stderr)}`);
}

/** The part of the registry's API that `deno publish` asks for, in its order. */
async function publishing(request: Request, path: string, uploads: Upload[]): Promise<Response> {
  const [, scope, name, version] =
    path.match(/^\/api\/scopes\/([^/]+)\/packages\/([^/]+)(?:\/versions\/([^/]+))?$/) ??
      [];
  if (request.method === "POST" && version) {
    uploads.push({ version, files: await unpack(request.body!) });
    return Response.json({ id: crypto.randomUUID(), status: "success" });
  }
  if (request.method === "GET" && name && !version) return Response.json({ scope, name });
  return Response.json({ code: "notFound", message: "There is none yet" }, { status: 404 });
}

/** The files of a gzipped tar archive (POSIX ustar; longer paths as pax or GNU records are not written by deno). */
async function unpack(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Upload["files"]> {
  const stream = body.pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const text = (start: number, length: number): string =>
    new TextDecoder().decode(bytes.subarray(start, start + length)).replace(/\0.*$/s, "");
  const files: Upload["files"] = new Map();
  for (let at = 0; bytes[at] !== 0 && at < bytes.length;) {
    const size = parseInt(text(at + 124, 12), 8);
    const path = text(at, 100);
    if (!/^0?$/.test(text(at + 156, 1))) {
      throw new Error(`Cannot unpack "${path}": it is no plain file, expected one`);
    }
    files.set(`/${path}`, bytes.slice(at + 512, at + 512 + size));
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return files;
}

async function serve(path: string, { version, files }: Upload): Promise<Response> {
  if (path === "/@hymba/runtime/meta.json") {
    return Response.json({ scope: "hymba", name: "runtime", latest: version, versions: { [version]: {} } });
  }
  if (path === `/@hymba/runtime/${version}_meta.json`) return Response.json(await describe(files));
  const content = files.get(path.slice(`/@hymba/runtime/${version}`.length));
  return content ? new Response(content) : new Response("Not found", { status: 404 });
}

async function describe(files: Upload["files"]): Promise<object> {
  const entries = await Promise.all([...files].map(async ([path, content]) => {
    const checksum = `sha256-${hex(await crypto.subtle.digest("SHA-256", content))}`;
    return [path, { size: content.length, checksum }];
  }));
  const { exports } = JSON.parse(new TextDecoder().decode(files.get("/deno.json")));
  return { manifest: Object.fromEntries(entries), exports, moduleGraph2: {} };
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
