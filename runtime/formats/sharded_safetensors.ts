/** @file Checkpoints in several safetensors files, with an index that says which tensor is in which. */

import { WeightsError } from "../errors.ts";
import type { ByteSource } from "./byte_source.ts";
import { excerpt } from "./excerpt.ts";
import { openSafetensors } from "./safetensors.ts";
import { isObject, parseStrictJson } from "./strict_json.ts";
import { joinTensorFiles, type TensorFile } from "./tensor_file.ts";

/** A file name in the index's own folder: no separator, no drive, no URL, not "." or "..". */
const SHARD_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Opens a sharded checkpoint: reads and checks the header of every shard, no data yet. Index and shards must name the
 * same tensors, each in one shard. `close()` on the result closes all shards.
 *
 * @param indexName what to call the index in error messages, for instance "model.safetensors.index.json"
 * @param index the index file's bytes
 * @param openShard opens a file beside the index by its name
 * @throws {WeightsError} when index or shards are damaged or do not agree; nothing stays open then
 */
export async function openShardedSafetensors(
  indexName: string,
  index: Uint8Array,
  openShard: (fileName: string) => Promise<ByteSource>,
  signal?: AbortSignal,
): Promise<TensorFile> {
  const shardOf = parseIndex(indexName, index);
  const shards = new Map<string, TensorFile>();
  try {
    for (const fileName of new Set(shardOf.values())) {
      shards.set(fileName, await openOne(await openShard(fileName), signal));
    }
    checkShards(indexName, shardOf, shards);
    return joinTensorFiles(indexName, [...shards.values()]);
  } catch (error) {
    for (const shard of shards.values()) await shard.close();
    throw error;
  }
}

async function openOne(source: ByteSource, signal?: AbortSignal): Promise<TensorFile> {
  try {
    return await openSafetensors(source, signal);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Tensor name -> shard file name. */
function parseIndex(indexName: string, index: Uint8Array): Map<string, string> {
  const json = parseStrictJson(index, (problem, cause) => damaged(indexName, problem, cause));
  if (!isObject(json) || !isObject(json.weight_map)) {
    throw damaged(indexName, 'it has no "weight_map", expected {"weight_map": {tensor: file}}');
  }
  const shardOf = new Map<string, string>();
  for (const [tensor, fileName] of Object.entries(json.weight_map)) {
    if (typeof fileName !== "string" || !SHARD_NAME.test(fileName)) {
      const is = String(JSON.stringify(fileName)).slice(0, 60);
      throw damaged(
        indexName,
        `tensor "${tensor}" is said to be in ${is}, expected a file name in the same folder`,
      );
    }
    shardOf.set(tensor, fileName);
  }
  if (shardOf.size === 0) {
    throw damaged(indexName, 'its "weight_map" is empty, expected the checkpoint\'s tensors');
  }
  return shardOf;
}

/** Checks that index and shards say the same. */
function checkShards(
  indexName: string,
  shardOf: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, TensorFile>,
): void {
  const found = new Set<string>();
  for (const [fileName, shard] of shards) {
    for (const name of shard.tensors.keys()) {
      const said = shardOf.get(name);
      if (found.has(name)) {
        throw damaged(indexName, `tensor ${excerpt(name)} is in two shards, expected one`);
      }
      if (said !== fileName) {
        const expected = said ? excerpt(said) : "no such one";
        throw damaged(indexName, `tensor ${excerpt(name)} is in "${fileName}", expected ${expected}`);
      }
      found.add(name);
    }
  }
  for (const [name, fileName] of shardOf) {
    if (!found.has(name)) {
      throw damaged(indexName, `tensor ${excerpt(name)} is missing, expected in ${excerpt(fileName)}`);
    }
  }
}

function damaged(indexName: string, problem: string, cause?: unknown): WeightsError {
  return new WeightsError(
    `Cannot read shard index "${indexName}": ${problem}`,
    "Download the index and all its shards again, of the same revision",
    { cause },
  );
}
