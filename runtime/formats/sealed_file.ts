/**
 * @file A small binary container that says what it is and notices damage:
 * magic (8 bytes) | version u32 | header length u32 | header (JSON) | payload | SHA-256 of everything before (32 bytes). Little-endian.
 */
import { WeightsError } from "../errors.ts";
import { parseStrictJson } from "./strict_json.ts";

/** What a kind of file is called and how it begins. */
export interface SealedKind {
  /** For error messages, for instance "session snapshot". */
  readonly name: string;
  /** Eight ASCII characters. */
  readonly magic: string;
  /** The version that this runtime reads and writes. */
  readonly version: number;
}

/** A container's content. */
export interface SealedContent {
  readonly header: unknown;
  readonly payload: Uint8Array<ArrayBuffer>;
}

const PROLOGUE_BYTES = 16;
const DIGEST_BYTES = 32;

/** Writes a container; its payload may come in parts. */
export async function seal(
  kind: SealedKind,
  header: unknown,
  ...payload: readonly Uint8Array[]
): Promise<Uint8Array<ArrayBuffer>> {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const payloadBytes = payload.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(PROLOGUE_BYTES + json.length + payloadBytes + DIGEST_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(kind.magic));
  view.setUint32(8, kind.version, true);
  view.setUint32(12, json.length, true);
  let offset = PROLOGUE_BYTES;
  for (const part of [json, ...payload]) {
    bytes.set(part, offset);
    offset += part.length;
  }
  const sealed = bytes.subarray(0, bytes.length - DIGEST_BYTES);
  bytes.set(new Uint8Array(await crypto.subtle.digest("SHA-256", sealed)), sealed.length);
  return bytes;
}

/**
 * Reads a container.
 *
 * @throws {WeightsError} where it is of another kind, newer, truncated or damaged
 */
export async function unseal(kind: SealedKind, bytes: Uint8Array): Promise<SealedContent> {
  const copy = bytes.slice();
  const magic = new TextDecoder().decode(copy.subarray(0, kind.magic.length));
  if (magic !== kind.magic) {
    throw damaged(kind, `it begins with ${JSON.stringify(magic)}, expected "${kind.magic}"`);
  }
  if (copy.length < PROLOGUE_BYTES + DIGEST_BYTES) {
    throw damaged(kind, `it has ${copy.length} bytes, expected more`);
  }
  const view = new DataView(copy.buffer);
  const version = view.getUint32(8, true);
  if (version !== kind.version) {
    throw new WeightsError(
      `Cannot read the ${kind.name}: its format version is ${version}, expected ${kind.version}`,
      version > kind.version ? "Update this runtime" : "Write it again with this runtime",
    );
  }
  const sealed = copy.subarray(0, copy.length - DIGEST_BYTES);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", sealed));
  if (digest.some((byte, i) => byte !== copy[sealed.length + i])) {
    throw damaged(kind, "its checksum is wrong, expected that of its bytes");
  }
  const headerEnd = PROLOGUE_BYTES + view.getUint32(12, true);
  if (headerEnd > sealed.length) {
    throw damaged(kind, "its header is longer than the file, expected a shorter one");
  }
  const header = parseStrictJson(
    copy.subarray(PROLOGUE_BYTES, headerEnd),
    (problem, cause) => damaged(kind, problem, cause),
  );
  return { header, payload: sealed.subarray(headerEnd) };
}

function damaged(kind: SealedKind, problem: string, cause?: unknown): WeightsError {
  return new WeightsError(
    `Cannot read the ${kind.name}: ${problem}`,
    "It was cut short or changed; use an intact copy",
    { cause },
  );
}
