/** @file Keeps the page's files. The model's are kept by the page's worker, see weights.ts. */

/** The part of a service worker's scope that is used, which the library of types for pages leaves out. */
interface ServiceWorkerScope {
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  skipWaiting(): Promise<void>;
}
interface ExtendableEvent {
  waitUntil(promise: Promise<unknown>): void;
}
interface FetchEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const PREFIX = "hymba-page-";

/**
 * Serves the page's files from a cache: those of a version never change, the page itself is asked for first.
 *
 * @param version name of this set of files
 * @param folder the one whose files never change
 * @param files all paths, "./" for the page
 */
export function keepFiles(version: string, folder: string, files: readonly string[]): void {
  const scope = globalThis as unknown as ServiceWorkerScope;
  const name = PREFIX + version;
  scope.addEventListener("install", (event) => {
    event.waitUntil(caches.open(name).then((cache) => cache.addAll(files)).then(() => scope.skipWaiting()));
  });
  scope.addEventListener("activate", (event) => event.waitUntil(deleteOthers(name)));
  scope.addEventListener("fetch", (event) => {
    if (event.request.method !== "GET") return;
    if (event.request.mode === "navigate") {
      event.respondWith(fetch(event.request).catch(() => kept(event.request)));
    } else if (new URL(event.request.url).pathname.includes(`/${folder}/`)) {
      event.respondWith(kept(event.request));
    }
  });
}

async function kept(request: Request): Promise<Response> {
  return await caches.match(request, { ignoreSearch: true }) ?? await fetch(request);
}

async function deleteOthers(name: string): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((each) => each.startsWith(PREFIX) && each !== name);
  await Promise.all(old.map((each) => caches.delete(each)));
}
