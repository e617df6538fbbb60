/** @file The two hashes by which the hub names a file's content. */
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { ExpectedHash, Hasher } from "../cache/download.ts";
import type { ListedFile } from "./hub_snapshot.ts";

/** SHA-256 of a large file; for others git's name of the content, SHA-1 over `blob <length>`, a zero byte and the bytes. */
export function contentHash({ size, oid, lfs }: ListedFile): ExpectedHash {
  if (lfs) return { hex: lfs.oid, start: () => hasher(sha256.create()) };
  const start = (): Hasher => {
    const git = hasher(sha1.create());
    git.update(new TextEncoder().encode(`blob ${size}\0`));
    return git;
  };
  return { hex: oid, start };
}

function hasher(state: ReturnType<typeof sha256.create> | ReturnType<typeof sha1.create>): Hasher {
  return {
    update: (bytes) => void state.update(bytes),
    hex: () => bytesToHex(state.digest()),
  };
}
