/**
 * @file Checks the normalizer, pre-tokenizer and post-processor of a tokenizer.json before the tokenizer library sees
 * them: which kinds there are, which fields each needs, and that nothing nests without end.
 */

import { TokenizerError } from "./errors.ts";

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The three parts that share one shape: an object with a `type`, or null. */
export type PartName = "normalizer" | "pre_tokenizer" | "post_processor";

type FieldCheck = readonly [expected: string, fits: (value: unknown) => boolean];

const MAX_DEPTH = 4;
const MAX_STEPS = 32;
const MAX_PATTERN_UNITS = 4096;

const STRING: FieldCheck = ["a string of at most 4096 characters", (value) => isShortString(value)];
const FLAG: FieldCheck = ["true or false", (value) => typeof value === "boolean"];
const OPTIONAL_FLAG: FieldCheck = [
  "true, false or nothing",
  (value) => value === undefined || typeof value === "boolean",
];
const PATTERN: FieldCheck = ['an object with a "String" or a "Regex" of at most 4096 characters', isPattern];
const CHARACTER: FieldCheck = [
  "one character",
  (value) => typeof value === "string" && [...value].length === 1,
];

function oneOf(...choices: readonly unknown[]): FieldCheck {
  return [
    `one of ${choices.map((choice) => JSON.stringify(choice) ?? "nothing").join(", ")}`,
    (value) => choices.includes(value),
  ];
}

/** Kinds that the library computes as Python's `tokenizers` does. The others exist, but differ there or look elsewhere. */
const KINDS: Readonly<Record<PartName, Readonly<Record<string, Readonly<Record<string, FieldCheck>>>>>> = {
  normalizer: {
    NFC: {},
    NFD: {},
    NFKC: {},
    NFKD: {},
    Lowercase: {},
    StripAccents: {},
    Strip: { strip_left: FLAG, strip_right: FLAG },
    Prepend: { prepend: STRING },
    Replace: { pattern: PATTERN, content: STRING },
  },
  pre_tokenizer: {
    ByteLevel: { add_prefix_space: FLAG, use_regex: OPTIONAL_FLAG },
    Metaspace: {
      replacement: CHARACTER,
      prepend_scheme: oneOf("always", "first", "never", undefined),
      split: oneOf(false),
    },
    Split: { pattern: PATTERN, behavior: oneOf("Isolated", "Removed"), invert: oneOf(false) },
    Digits: { individual_digits: FLAG },
  },
  post_processor: {
    ByteLevel: {},
    TemplateProcessing: { single: ["an array of special tokens and sequence A", isTemplate] },
  },
};

/** Key of a sequence's members. */
const MEMBERS: Readonly<Record<PartName, string>> = {
  normalizer: "normalizers",
  pre_tokenizer: "pretokenizers",
  post_processor: "processors",
};

/** The error for a tokenizer.json that cannot be used; `path` leads to the offending value. */
export function malformed(path: string, is: string, expected: string, cause?: unknown): TokenizerError {
  return new TokenizerError(
    `Cannot use tokenizer.json: ${path} is ${is}, expected ${expected}`,
    "Download tokenizer.json again, or take the one that belongs to the checkpoint",
    { cause },
  );
}

/** A value in a few words, for an error message. */
export function describeJson(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "string") {
    return JSON.stringify(value.length > 40 ? value.slice(0, 40) + "..." : value);
  }
  return value === undefined ? "missing" : String(value);
}

/** True for a JSON object: no array, no null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Checks one part, sequences included.
 *
 * @param part which part it is
 * @param value what tokenizer.json has there; nothing counts as null
 * @throws {TokenizerError} when the part cannot be used
 */
export function checkPart(part: PartName, value: unknown): JsonObject | null {
  if (value === undefined || value === null) return null;
  checkStep(part, part, value, 0);
  return value as JsonObject;
}

function checkStep(part: PartName, path: string, value: unknown, depth: number): void {
  if (!isObject(value)) throw malformed(path, describeJson(value), "an object or null");
  if (depth > MAX_DEPTH) {
    throw malformed(path, `nested ${depth} deep`, `at most ${MAX_DEPTH} sequences in each other`);
  }
  const { type } = value;
  if (type === "Sequence") {
    const members = value[MEMBERS[part]];
    const fits = Array.isArray(members) && members.length <= MAX_STEPS;
    if (!fits) {
      throw malformed(
        `${path}.${MEMBERS[part]}`,
        describeJson(members),
        `an array of at most ${MAX_STEPS} steps`,
      );
    }
    members.forEach((member, index) =>
      checkStep(part, `${path}.${MEMBERS[part]}[${index}]`, member, depth + 1)
    );
    return;
  }
  const kinds = KINDS[part];
  if (typeof type !== "string" || !Object.hasOwn(kinds, type)) {
    throw malformed(`${path}.type`, describeJson(type), `one of ${Object.keys(kinds).join(", ")}, Sequence`);
  }
  for (const [field, [expected, fits]] of Object.entries(kinds[type])) {
    if (!fits(value[field])) throw malformed(`${path}.${field}`, describeJson(value[field]), expected);
  }
}

/** Contents of the special tokens that a checked post-processor puts in. */
export function templateTokens(part: JsonObject | null): string[] {
  if (part === null) return [];
  if (part.type === "Sequence") {
    return (part.processors as JsonObject[]).flatMap((member) => templateTokens(member));
  }
  if (part.type !== "TemplateProcessing") return [];
  const items = part.single as { SpecialToken?: { id: string } }[];
  return items.flatMap((item) => item.SpecialToken ? [item.SpecialToken.id] : []);
}

function isShortString(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_PATTERN_UNITS;
}

function isPattern(value: unknown): boolean {
  if (!isObject(value)) return false;
  const pattern = value.Regex ?? value.String;
  return isShortString(pattern) && pattern.length > 0;
}

function isTemplate(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > MAX_STEPS) return false;
  const sequences = value.filter((item) =>
    isObject(item) && isObject(item.Sequence) && item.Sequence.id === "A"
  );
  const tokens = value.filter((item) =>
    isObject(item) && isObject(item.SpecialToken) && isShortString(item.SpecialToken.id)
  );
  return sequences.length === 1 && tokens.length === value.length - 1;
}
