/**
 * @file A hub on the loopback address: its API, and redirects to a second server where the files are, as the real one has. Faults can be
 * put in its way.
 */
import { createHash } from "node:crypto";

/** A large file is one that has an `lfs` entry. */
export interface HubFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isLarge?: boolean;
}

/** A request that arrived. */
export interface SeenRequest {
  readonly server: "hub" | "files";
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
}

/** Answers in place of the server, or lets it answer (null). `answer`: what it would say. */
export type Fault = (
  request: SeenRequest,
  answer: () => Response,
) => Response | null | Promise<Response | null>;

/** `size` bytes that are the same each time. */
export function patternBytes(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 7919 + seed * 104_729) >> 3;
  return bytes;
}

/** A repository `org/model` with one branch, `main`. */
export class FakeHub implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  readonly files: Map<string, HubFile>;
  commit = "c0ffee".padEnd(40, "0");
  fault: Fault = () => null;
  readonly #hub: Deno.HttpServer<Deno.NetAddr>;
  readonly #store: Deno.HttpServer<Deno.NetAddr>;

  constructor(files: Readonly<Record<string, HubFile>>) {
    this.files = new Map(Object.entries(files));
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} } as const;
    this.#hub = Deno.serve(options, (request) => this.#handle("hub", request));
    this.#store = Deno.serve(options, (request) => this.#handle("files", request));
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#hub.addr.port}`;
  }

  /** Ranges of the requests for files that were answered from their store. */
  get ranges(): (string | null)[] {
    return this.seen.filter(({ server }) => server === "files").map(({ range }) => range);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#hub.shutdown(), this.#store.shutdown()]);
  }

  async #handle(server: "hub" | "files", request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const seen: SeenRequest = {
      server,
      path: pathname,
      range: request.headers.get("range"),
      authorization: request.headers.get("authorization"),
    };
    this.seen.push(seen);
    const answer = (): Response => server === "hub" ? this.#hubAnswer(pathname) : this.#fileAnswer(seen);
    return await this.fault(seen, answer) ?? answer();
  }

  #hubAnswer(path: string): Response {
    const [, revision] = /^\/api\/models\/org\/model\/revision\/(.+)$/.exec(path) ?? [];
    if (revision === "main" || revision === this.commit) {
      return Response.json({ _id: "1", id: "org/model", sha: this.commit, lastModified: "2024-12-01" });
    }
    if (path === `/api/models/org/model/tree/${this.commit}`) {
      return Response.json([
        { type: "directory", path: "images", size: 0, oid: "0".repeat(40) },
        ...this.#listing(),
      ]);
    }
    const [, commit, name] = /^\/org\/model\/resolve\/([0-9a-f]{40})\/(.+)$/.exec(path) ?? [];
    const file = commit === this.commit ? this.files.get(name) : undefined;
    if (file === undefined) {
      return Response.json({ error: "Not found" }, {
        status: 404,
        headers: { "x-error-code": "EntryNotFound" },
      });
    }
    return new Response(null, {
      status: 302,
      headers: {
        location: `http://127.0.0.1:${this.#store.addr.port}/${name}?signature=secret`,
        "x-repo-commit": this.commit,
        "x-linked-size": String(file.bytes.length),
        "x-linked-etag": `"${file.isLarge ? sha256(file.bytes) : gitHash(file.bytes)}"`,
      },
    });
  }

  #listing(): object[] {
    return [...this.files].map(([path, { bytes, isLarge }]) => ({
      ...{ type: "file", path, size: bytes.length, oid: gitHash(bytes) },
      ...(isLarge && { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 }, xetHash: "x" }),
    }));
  }

  #fileAnswer({ path, range }: SeenRequest): Response {
    const bytes = this.files.get(path.slice(1))!.bytes;
    return rangeAnswer(bytes, range);
  }
}

/** The whole of a file, or the range that is asked for. */
export function rangeAnswer(bytes: Uint8Array<ArrayBuffer>, range: string | null): Response {
  const headers = { etag: `"${sha256(bytes).slice(0, 32)}"` };
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "")?.map(Number) ?? [];
  if (first === undefined) return new Response(bytes, { headers });
  const end = Math.min(last, bytes.length - 1);
  return new Response(bytes.subarray(first, end + 1), {
    status: 206,
    headers: { ...headers, "content-range": `bytes ${first}-${end}/${bytes.length}` },
  });
}

/** The beginning of an answer's body, `count` bytes; then the connection breaks, or with `stalls` nothing comes any more. */
export async function cutOff(answer: Response, count: number, stalls = false): Promise<Response> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let sent = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (!sent) controller.enqueue(bytes.subarray(0, count));
      else if (!stalls) controller.error(new Error("connection lost"));
      else await new Promise(() => {});
      sent = true;
    },
  });
  return new Response(body, { status: answer.status, headers: answer.headers });
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function gitHash(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}
