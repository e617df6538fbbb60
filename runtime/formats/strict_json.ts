/** @file JSON from files that may be damaged: valid UTF-8, valid JSON, and no key twice in one object. */

import type { HymbaError } from "../errors.ts";
import { excerpt } from "./excerpt.ts";

/** Far above any real file's nesting; bounds the memory that a file of brackets can ask for. */
const MAX_DEPTH = 100;

/** Makes the error for a problem, such as `it is not JSON`, that continues "Cannot read <file>: ". */
export type JsonFailure = (problem: string, cause?: unknown) => HymbaError;

/**
 * Parses a JSON text. `JSON.parse` alone would let the last of two equal keys win and hide the first.
 *
 * @param bytes the text in UTF-8
 * @param fail makes the error that is thrown when the bytes are not such a text
 */
export function parseStrictJson(bytes: Uint8Array, fail: JsonFailure): unknown {
  const text = decodeUtf8(bytes, fail);
  if (isDeeperThan(text, MAX_DEPTH)) {
    throw fail(`it is nested deeper than ${MAX_DEPTH} levels, expected fewer`);
  }
  const value = parse(text, fail);
  const duplicate = duplicateKey(text);
  if (duplicate !== undefined) {
    throw fail(`it has the key ${excerpt(duplicate)} twice in one object, expected distinct keys`);
  }
  return value;
}

/** Keeps nothing between two texts. */
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Decodes UTF-8; throws what `fail` makes when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, fail: JsonFailure): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw fail("it is not valid UTF-8, expected text", cause);
  }
}

function parse(text: string, fail: JsonFailure): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fail("it is not valid JSON, expected an object", cause);
  }
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;

/** Whether objects and arrays are nested deeper than `limit`, in a text that may not be JSON at all. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === BRACE || code === BRACKET) depth++;
    else if (code === BRACE_END || code === BRACKET_END) depth--;
    if (depth > limit) return true;
  }
  return false;
}

/** The first key that occurs twice in one object of a valid JSON text. One pass; nesting costs no call stack. */
function duplicateKey(text: string): string | undefined {
  const objects: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BRACE) objects.push(new Set());
    else if (code === BRACE_END) objects.pop();
    else if (code === QUOTE) {
      const start = at;
      at = endOfString(text, start);
      if (!isKey(text, at + 1)) continue;
      const key: string = JSON.parse(text.slice(start, at + 1));
      const keys = objects[objects.length - 1];
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

/** Place of the quote that closes the string opened at `start`, or beyond the text when none does. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** True when the next character that is no white space is a colon. */
function isKey(text: string, at: number): boolean {
  while (text.charCodeAt(at) <= 0x20) at++;
  return text.charCodeAt(at) === COLON;
}

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
