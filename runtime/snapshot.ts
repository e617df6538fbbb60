/** @file A session as bytes: everything that its next token depends on, and the name of the model that it belongs to. */
import * as v from "valibot";
import { WeightsError } from "./errors.ts";
import { seal, type SealedKind, unseal } from "./formats/sealed_file.ts";
import { concatenate } from "./state_bytes.ts";
import { MAX_DECLARED_TOKENS } from "./state_layout.ts";

/** Kind and version of session snapshots. */
const KIND: SealedKind = { name: "session snapshot", magic: "HYMBASES", version: 1 };

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const declared = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_DECLARED_TOKENS));
const list = <T extends v.GenericSchema>(item: T) => v.pipe(v.array(item), v.readonly());
const encoding = v.picklist(["f64", "f32", "f16"]);
const bias = v.pipe(
  v.tuple([count, v.nullable(v.number())]),
  v.transform(([id, value]) => [id, value ?? -Infinity] as const),
);

const Sampling = v.strictObject({
  temperature: v.number(),
  topK: count,
  topP: v.number(),
  minP: v.number(),
  repetitionPenalty: v.number(),
  presencePenalty: v.number(),
  frequencyPenalty: v.number(),
  penaltyWindow: count,
  logitBias: list(bias),
  seed: count,
  logprobs: v.optional(count),
});

const InterruptedGeneration = v.strictObject({
  options: v.strictObject({ sampling: Sampling, maxTokens: count, stop: list(v.string()) }),
  state: v.strictObject({
    index: count,
    sampler: v.strictObject({ seed: count, step: count, recentIds: list(count) }),
    matcher: v.strictObject({ held: v.string() }),
    stream: v.nullable(v.strictObject({ held: v.string(), bytes: list(count), strip: count })),
    isConstrained: v.boolean(),
  }),
});

const Header = v.strictObject({
  /** Hash of the model's weights and config. */
  fingerprint: v.string(),
  encoding: v.strictObject({ kv: encoding, recurrent: encoding }),
  kvDtype: v.picklist(["f32", "f16"]),
  maxContext: v.nullable(declared),
  globalWindow: v.nullable(declared),
  /** Tokens whose pass is in the state; the ids may have one more, which is pending. */
  passed: count,
  numIds: count,
  /** Runs of prompted and generated tokens, in turn, beginning with prompted ones. */
  runs: list(count),
  prompt: v.strictObject({ tokens: count, milliseconds: v.number() }),
  generation: v.nullable(InterruptedGeneration),
  compression: v.picklist(["none", "deflate-raw"]),
  /** Length of the payload before compression. */
  payloadBytes: count,
});

/** What a snapshot says beside the tensors. */
export type SnapshotHeader = Omit<v.InferOutput<typeof Header>, "compression" | "payloadBytes">;

/** A snapshot, taken apart. */
export interface Snapshot {
  readonly header: SnapshotHeader;
  /** Token ids, meta tokens not counted. */
  readonly ids: Uint32Array;
  /** The state's tensors one after the other. */
  readonly tensors: Uint8Array;
}

/** Writes a snapshot. */
export async function encodeSnapshot(
  header: SnapshotHeader,
  ids: readonly number[],
  tensors: readonly Uint8Array[],
  compress: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const payload = [new Uint8Array(Uint32Array.from(ids).buffer), ...tensors];
  const payloadBytes = payload.reduce((sum, { length }) => sum + length, 0);
  const compression = compress ? "deflate-raw" : "none";
  const stored = compress ? [await collect(payload, new CompressionStream("deflate-raw"))] : payload;
  return await seal(KIND, { ...header, compression, payloadBytes }, ...stored);
}

/**
 * Reads a snapshot.
 *
 * @throws {WeightsError} where it is truncated, damaged, newer, or no snapshot at all
 */
export async function decodeSnapshot(bytes: Uint8Array): Promise<Snapshot> {
  const { header: json, payload: stored } = await unseal(KIND, bytes);
  const result = v.safeParse(Header, json, { abortEarly: true });
  if (!result.success) {
    const path = v.getDotPath(result.issues[0]);
    throw damaged(
      `its header's "${path}" is ${result.issues[0].received}, expected ${result.issues[0].expected}`,
    );
  }
  const { compression, payloadBytes, ...header } = result.output;
  const payload = compression === "none" ? stored : await inflate(stored, payloadBytes);
  if (payload.length !== payloadBytes || payload.length < 4 * header.numIds) {
    throw damaged(
      `its payload has ${payload.length} bytes, expected ${payloadBytes} with ${header.numIds} ids in them`,
    );
  }
  const ids = new Uint32Array(payload.slice(0, 4 * header.numIds).buffer);
  return { header, ids, tensors: payload.subarray(4 * header.numIds) };
}

async function inflate(stored: Uint8Array<ArrayBuffer>, length: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await collect([stored], new DecompressionStream("deflate-raw"), length);
  } catch (cause) {
    if (cause instanceof WeightsError) throw cause;
    throw damaged("its compressed payload cannot be read, expected deflate data", cause);
  }
}

/** Passes bytes through a transform; stops as soon as more than `limit` come out. */
async function collect(
  parts: readonly Uint8Array[],
  transform: CompressionStream | DecompressionStream,
  limit = Infinity,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (
    const chunk of new Blob(parts as Uint8Array<ArrayBuffer>[]).stream().pipeThrough<Uint8Array>(transform)
  ) {
    length += chunk.length;
    if (length > limit) throw damaged(`its payload inflates beyond ${limit} bytes, expected no more`);
    chunks.push(chunk);
  }
  return concatenate(chunks);
}

function damaged(problem: string, cause?: unknown): WeightsError {
  return new WeightsError(
    `Cannot read the session snapshot: ${problem}`,
    "Use an intact snapshot of this runtime",
    { cause },
  );
}
