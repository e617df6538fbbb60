/** @file A model's revision on the hub -> the commit, and the files in it with their sizes and hashes. */
import * as v from "valibot";
import type { DownloadOptions } from "../cache/download_options.ts";
import { type ModelCache, readEntryJson, writeEntryText } from "../cache/model_cache.ts";
import { retryingFetch } from "../sources/retry.ts";
import { hubRefusal, hubUnreachable, notCached } from "./hub_errors.ts";
import type { HubReference } from "./hub_reference.ts";

const Commit = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));
const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A file as the hub lists it: `oid` is git's hash of it, or of the pointer that stands for a large one, whose own hash `lfs` has. */
const ListedFile = v.object({
  path: v.string(),
  size: Size,
  oid: Commit,
  lfs: v.optional(v.object({ oid: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), size: Size })),
});

/** A file of a snapshot. */
export type ListedFile = v.InferOutput<typeof ListedFile>;

/** A model's files at one commit. */
export interface HubSnapshot {
  readonly commit: string;
  readonly files: readonly ListedFile[];
}

/**
 * Finds the files of a model. A commit that is in the cache needs no network; a branch or tag does, to see where it is now, and without
 * network it is where it was.
 *
 * @throws {WeightsError} where the hub refuses or cannot be reached, and where nothing is cached offline
 */
export async function openSnapshot(
  reference: HubReference,
  endpoint: URL,
  cache: ModelCache,
  options: DownloadOptions,
  signal?: AbortSignal,
): Promise<HubSnapshot> {
  const folder = `hub/${encodeURIComponent(endpoint.host)}/${reference.repo}`;
  const ref = `${folder}/refs/${encodeURIComponent(reference.revision)}`;
  const isCommit = v.is(Commit, reference.revision);
  const known = isCommit ? reference.revision : await readEntryJson(cache, ref, Commit);
  const knownFiles = known === null
    ? null
    : await readEntryJson(cache, `${folder}/commits/${known}`, v.array(ListedFile));
  if (knownFiles !== null && (isCommit || options.offline)) return { commit: known!, files: knownFiles };
  if (options.offline) throw notCached(cache.name, reference);
  try {
    const retry = knownFiles === null ? options.retry : { ...options.retry, attempts: 1 };
    const hub = new HubClient(reference, endpoint, options, retryingFetch(retry, options.fetch), signal);
    const commit = isCommit ? reference.revision : await hub.commit();
    const files = commit === known && knownFiles ? knownFiles : await hub.files(commit);
    await writeEntryText(cache, `${folder}/commits/${commit}`, JSON.stringify(files));
    if (!isCommit) await writeEntryText(cache, ref, JSON.stringify(commit));
    return { commit, files };
  } catch (error) {
    signal?.throwIfAborted();
    if (knownFiles !== null && error instanceof HubFailure && error.isTemporary) {
      return { commit: known!, files: knownFiles };
    }
    throw error instanceof HubFailure ? error.typed : error;
  }
}

/** What went wrong at the hub: `isTemporary` where another time or another network may help. */
class HubFailure extends Error {
  constructor(readonly typed: Error, readonly isTemporary: boolean) {
    super(typed.message);
  }
}

/** Asks the hub's API, through its own client library. */
class HubClient {
  readonly #reference: HubReference;
  readonly #endpoint: URL;
  readonly #common: { hubUrl: string; accessToken?: string; fetch: typeof fetch };

  constructor(
    reference: HubReference,
    endpoint: URL,
    { token }: DownloadOptions,
    retrying: typeof fetch,
    signal?: AbortSignal,
  ) {
    this.#reference = reference;
    this.#endpoint = endpoint;
    this.#common = {
      hubUrl: endpoint.href.replace(/\/$/, ""),
      ...(token && { accessToken: token }),
      fetch: (input, init) => retrying(input, { ...init, signal }),
    };
  }

  /** The commit that the revision stands for now. */
  async commit(): Promise<string> {
    const { repo, revision } = this.#reference;
    return await this.#ask(async ({ modelInfo }) => {
      const info = await modelInfo({ ...this.#common, name: repo, revision, additionalFields: ["sha"] });
      return v.parse(Commit, info.sha);
    });
  }

  /** The files of a commit. */
  async files(commit: string): Promise<ListedFile[]> {
    return await this.#ask(async ({ listFiles }) => {
      const repo = { type: "model", name: this.#reference.repo } as const;
      const listing = listFiles({ ...this.#common, repo, revision: commit, recursive: true });
      const entries = await Array.fromAsync(listing);
      return v.parse(v.array(ListedFile), entries.filter(({ type }) => type === "file"));
    });
  }

  async #ask<T>(question: (hub: typeof import("@huggingface/hub")) => Promise<T>): Promise<T> {
    const hub = await import("@huggingface/hub");
    try {
      return await question(hub);
    } catch (error) {
      if (!(error instanceof hub.HubApiError)) {
        throw new HubFailure(hubUnreachable(this.#endpoint, this.#reference, error), true);
      }
      const { statusCode } = error;
      const isTemporary = statusCode === 429 || statusCode >= 500;
      throw new HubFailure(
        hubRefusal(this.#endpoint, this.#reference, statusCode, error),
        isTemporary,
      );
    }
  }
}
