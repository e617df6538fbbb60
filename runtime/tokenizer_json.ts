/**
 * @file Reads a tokenizer.json of Hugging Face's `tokenizers` and checks all of it before anything is built from it, so
 * that a damaged file is told from a good one at once and by name.
 */

import { byteLevelAlphabet, usesByteLevel, withUnicodeSpaces } from "./byte_level.ts";
import type { DecoderConfig, Vocabulary } from "./detokenizer.ts";
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
  /** Tokens by id, `added_tokens` included. */
  readonly vocabulary: Vocabulary;
  /** Ids by token, `added_tokens` included. */
  readonly ids: ReadonlyMap<string, number>;
  /** How ids become text; null: not said. */
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
  checkMerges(model.merges, ids);
  const addedTokens = checkAddedTokens(root.added_tokens ?? [], limit);
  const vocabulary = collectVocabulary(ids, addedTokens);
  checkUnknownToken(model, ids);
  const decoder = checkDecoder(root.decoder);
  const parts = checkParts(root, ids);
  const json = {
    ...root,
    ...parts,
    model: { ...model, type: "BPE" },
    added_tokens: addedTokens,
    decoder: null,
  };
  return { json, vocabulary, ids, decoder };
}

function checkParts(root: JsonObject, ids: ReadonlyMap<string, number>): JsonObject {
  const normalizer = checkPart("normalizer", root.normalizer);
  const preTokenizer = checkPart("pre_tokenizer", root.pre_tokenizer);
  const postProcessor = checkPart("post_processor", root.post_processor);
  for (const token of templateTokens(postProcessor)) {
    if (!ids.has(token)) {
      throw malformed("post_processor", `using ${JSON.stringify(token)}`, "tokens of the vocabulary");
    }
  }
  if (usesByteLevel(preTokenizer)) checkAlphabet(ids);
  return { normalizer, pre_tokenizer: withUnicodeSpaces(preTokenizer), post_processor: postProcessor };
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
    const [left, right]: string[] = pair;
    if (!ids.has(left) || !ids.has(right) || !ids.has(left + right)) {
      const tokens = `${JSON.stringify(left)} and ${JSON.stringify(right)}`;
      throw malformed(
        `model.merges[${index}]`,
        `of ${tokens}`,
        "tokens of model.vocab, and the two joined another",
      );
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

/** Turns the ids around, and enters the added tokens on both sides. */
function collectVocabulary(ids: Map<string, number>, addedTokens: readonly AddedToken[]): Vocabulary {
  let last = -1;
  for (const id of ids.values()) last = Math.max(last, id);
  for (const { id } of addedTokens) last = Math.max(last, id);
  const contents = new Array<string | undefined>(last + 1).fill(undefined);
  for (const [content, id] of ids) {
    if (contents[id] !== undefined) {
      throw malformed(`model.vocab[${JSON.stringify(content)}]`, `${id} again`, "an id of its own");
    }
    contents[id] = content;
  }
  const added = new Set<number>(), special = new Set<number>();
  for (const token of addedTokens) {
    const path = `added token ${JSON.stringify(token.content)}`, known = ids.get(token.content) ?? token.id;
    if (known !== token.id) throw malformed(path, `${token.id}, elsewhere ${known}`, "one id for one token");
    const there = contents[token.id] ?? token.content;
    if (there !== token.content) {
      throw malformed(path, `${token.id} like ${JSON.stringify(there)}`, "an id of its own");
    }
    if (added.has(token.id)) throw malformed(path, "there twice", "each added token once");
    contents[token.id] = token.content;
    ids.set(token.content, token.id);
    added.add(token.id);
    if (token.special) special.add(token.id);
  }
  return { contents, added, special };
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
