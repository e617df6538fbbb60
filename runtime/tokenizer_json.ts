/**
 * @file Reads a tokenizer.json of Hugging Face's `tokenizers` and checks all of it before anything is built from it, so
 * that a damaged file is told from a good one at once and by name.
 */

import { byteLevelAlphabet, usesByteLevel, withUnicodeSpaces } from "./byte_level.ts";
import type { DecoderConfig, TokenEntry } from "./detokenizer.ts";
import {
  checkPart,
  describeJson,
  isObject,
  type JsonObject,
  malformed,
  templateTokens,
} from "./tokenizer_parts.ts";

/** A tokenizer.json that has been checked. */
export interface TokenizerJson {
  /** What the tokenizer library gets to encode with: the file's own objects, defaults filled in, no decoder. */
  readonly json: JsonObject;
  /** Tokens by id, `added_tokens` included; holes where an id has none. */
  readonly entries: readonly (TokenEntry | undefined)[];
  /** Ids by token, `added_tokens` included. */
  readonly ids: ReadonlyMap<string, number>;
  readonly decoder: DecoderConfig | null;
}

/** Bounds on what one file may ask for; the largest vocabularies in use have 262,144 tokens. */
const MAX_FILE_UNITS = 2 ** 26;
const MAX_VOCAB = 2 ** 21;
const MAX_MERGES = 2 ** 22;
const MAX_ADDED_TOKENS = 2 ** 16;

/**
 * Parses and checks.
 *
 * @param source the file's text, or its parsed JSON, which is not changed
 * @param modelVocabSize rows of logits that the model has: every id is below it
 * @throws {TokenizerError} naming the first thing that is wrong
 */
export function readTokenizerJson(source: string | object, modelVocabSize?: number): TokenizerJson {
  const root = typeof source === "string" ? parse(source) : source;
  if (!isObject(root)) throw malformed("the file", describeJson(root), "a JSON object");
  const { model } = root;
  if (!isObject(model)) throw malformed("model", describeJson(model), "an object");
  checkModelOptions(model);
  const limit = Math.min(modelVocabSize ?? MAX_VOCAB, MAX_VOCAB);
  const ids = readVocab(model.vocab, limit);
  const addedTokens = checkAddedTokens(root.added_tokens ?? [], limit);
  const entries: (TokenEntry | undefined)[] = [];
  for (const [content, id] of ids) {
    if (entries[id]) {
      throw malformed(`model.vocab[${JSON.stringify(content)}]`, `${id} again`, "an id of its own");
    }
    entries[id] = { content, added: false, special: false };
  }
  checkMerges(model.merges, ids);
  for (const { id, content, special } of addedTokens) {
    enterAddedToken(id, content, special ?? false, entries, ids);
  }
  checkUnknownToken(model, ids);
  const normalizer = checkPart("normalizer", root.normalizer);
  const preTokenizer = checkPart("pre_tokenizer", root.pre_tokenizer);
  const postProcessor = checkPart("post_processor", root.post_processor);
  for (const token of templateTokens(postProcessor)) {
    if (!ids.has(token)) {
      throw malformed("post_processor", `using ${JSON.stringify(token)}`, "tokens of the vocabulary");
    }
  }
  if (usesByteLevel(preTokenizer)) checkAlphabet(ids);
  const decoder = checkDecoder(root.decoder);
  const json = {
    ...root,
    model: { ...model, type: "BPE" },
    added_tokens: addedTokens,
    normalizer,
    pre_tokenizer: withUnicodeSpaces(preTokenizer),
    post_processor: postProcessor,
    decoder: null,
  };
  return { json, entries, ids, decoder };
}

function parse(text: string): unknown {
  if (text.length > MAX_FILE_UNITS) {
    throw malformed("the file", `${text.length} characters long`, "at most 67108864");
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed("the file", `no JSON (${(cause as Error).message})`, "a JSON object", cause);
  }
}

function checkModelOptions(model: JsonObject): void {
  if (model.type !== undefined && model.type !== "BPE") {
    throw malformed("model.type", describeJson(model.type), '"BPE"');
  }
  for (const field of ["byte_fallback", "fuse_unk", "ignore_merges"]) {
    const value = model[field];
    const fits = value === undefined || typeof value === "boolean";
    if (!fits) throw malformed(`model.${field}`, describeJson(value), "true, false or nothing");
  }
  for (const field of ["dropout", "continuing_subword_prefix", "end_of_word_suffix"]) {
    const value = model[field] ?? null;
    if (value !== null && value !== 0 && value !== "") {
      throw malformed(`model.${field}`, describeJson(value), "null");
    }
  }
}

function readVocab(vocab: unknown, limit: number): Map<string, number> {
  if (!isObject(vocab)) throw malformed("model.vocab", describeJson(vocab), "an object from token to id");
  const ids = new Map<string, number>();
  for (const [token, id] of Object.entries(vocab)) {
    if (!isId(id, limit)) {
      throw malformed(`model.vocab[${JSON.stringify(token)}]`, describeJson(id), idRange(limit));
    }
    ids.set(token, id);
  }
  if (ids.size === 0) throw malformed("model.vocab", "empty", "at least one token");
  return ids;
}

function isId(value: unknown, limit: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < limit;
}

function idRange(limit: number): string {
  return `an integer from 0 to ${limit - 1}`;
}

/** Each merge is "left right" or ["left", "right"]; both sides and the two joined are tokens. */
function checkMerges(merges: unknown, ids: ReadonlyMap<string, number>): void {
  const fits = Array.isArray(merges) && merges.length <= MAX_MERGES;
  if (!fits) {
    throw malformed("model.merges", describeJson(merges), `an array of at most ${MAX_MERGES} merges`);
  }
  const asText = typeof merges[0] === "string";
  merges.forEach((merge: unknown, index) => {
    const pair: unknown = asText && typeof merge === "string" ? merge.split(" ") : asText ? undefined : merge;
    if (
      !Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string" || typeof pair[1] !== "string"
    ) {
      throw malformed(
        `model.merges[${index}]`,
        describeJson(merge),
        "two tokens, written like the first merge",
      );
    }
    for (const token of [pair[0], pair[1], pair[0] + pair[1]]) {
      if (!ids.has(token)) {
        throw malformed(
          `model.merges[${index}]`,
          `naming ${JSON.stringify(token)}`,
          "tokens of model.vocab, joined too",
        );
      }
    }
  });
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean;
}

function checkAddedTokens(tokens: unknown, limit: number): AddedToken[] {
  const fits = Array.isArray(tokens) && tokens.length <= MAX_ADDED_TOKENS;
  if (!fits) {
    throw malformed("added_tokens", describeJson(tokens), `an array of at most ${MAX_ADDED_TOKENS} tokens`);
  }
  tokens.forEach((token: unknown, index) => {
    const path = `added_tokens[${index}]`;
    if (!isObject(token)) throw malformed(path, describeJson(token), "an object");
    if (!isId(token.id, limit)) throw malformed(`${path}.id`, describeJson(token.id), idRange(limit));
    const hasText = typeof token.content === "string" && token.content.length > 0;
    if (!hasText) {
      throw malformed(`${path}.content`, describeJson(token.content), "a string that is not empty");
    }
    for (const flag of ["special", "normalized", "lstrip", "rstrip", "single_word"]) {
      const fits = token[flag] === undefined || typeof token[flag] === "boolean";
      if (!fits) throw malformed(`${path}.${flag}`, describeJson(token[flag]), "true, false or nothing");
    }
    if (token.single_word) {
      throw malformed(`${path}.single_word`, "true", "false: whole-word tokens are not supported");
    }
  });
  return tokens;
}

function enterAddedToken(
  id: number,
  content: string,
  special: boolean,
  entries: (TokenEntry | undefined)[],
  ids: Map<string, number>,
): void {
  const path = `added token ${JSON.stringify(content)}`, known = ids.get(content), there = entries[id];
  if (known !== undefined && known !== id) {
    throw malformed(path, `${id}, elsewhere ${known}`, "one id for one token");
  }
  if (there !== undefined && there.content !== content) {
    throw malformed(path, `${id} like ${JSON.stringify(there.content)}`, "an id of its own");
  }
  if (there?.added) throw malformed(path, "there twice", "each added token once");
  entries[id] = { content, added: true, special };
  ids.set(content, id);
}

function checkUnknownToken(model: JsonObject, ids: ReadonlyMap<string, number>): void {
  const token = model.unk_token ?? null;
  const fits = token === null || (typeof token === "string" && ids.has(token));
  if (!fits) throw malformed("model.unk_token", describeJson(token), "null or a token of the vocabulary");
}

function checkAlphabet(ids: ReadonlyMap<string, number>): void {
  byteLevelAlphabet().forEach((character, byte) => {
    if (!ids.has(character)) {
      throw malformed(
        "model.vocab",
        `without ${JSON.stringify(character)} for byte ${byte}`,
        "a token for each of the 256 bytes",
      );
    }
  });
}

function checkDecoder(decoder: unknown): DecoderConfig | null {
  if (decoder === undefined || decoder === null) return null;
  const steps = isObject(decoder) && decoder.type === "Sequence" ? decoder.decoders : [decoder];
  const fits = Array.isArray(steps) && steps.length <= 32 &&
    steps.every((step) => isObject(step) && typeof step.type === "string");
  if (!fits) {
    throw malformed("decoder", describeJson(decoder), "an object with a type, or a sequence of such");
  }
  return decoder as DecoderConfig;
}
