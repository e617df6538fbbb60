/** @file Which keywords of JSON Schema are understood, and checks on a schema's form. */
import { ConfigError } from "../../runtime/errors.ts";

/** A schema, or a part of one, that is an object. */
export type SchemaObject = Readonly<Record<string, unknown>>;

/** Values of the keyword `type`. */
export type JsonType = "null" | "boolean" | "string" | "integer" | "number" | "array" | "object";

const TYPES: readonly string[] = [
  "null",
  "boolean",
  "string",
  "integer",
  "number",
  "array",
  "object",
] satisfies JsonType[];

const ANNOTATIONS = [
  ...["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"],
  ...["$schema", "$id", "$comment", "$defs", "definitions"],
];
/** Keywords of a schema that says itself what it allows. */
const CONSTRAINTS = [
  ...["type", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  ...["items", "prefixItems", "minItems", "maxItems", "properties", "required", "additionalProperties"],
];
/** Keywords that stand for the whole schema, with what may stand beside them. */
const WHOLE: Readonly<Record<string, readonly string[]>> = {
  $ref: [],
  anyOf: [],
  const: ["type"],
  enum: ["type"],
};

const MAX_DEPTH = 64;
const MAX_VALUES = 5_000;

/** True for an object that is no list. */
export function isSchemaObject(value: unknown): value is SchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is wrong with a schema, and where. */
export function invalid(at: string, is: string, expected: string): ConfigError {
  return new ConfigError(
    `Cannot follow the JSON schema at "${at.slice(0, 200)}": ${is}, expected ${expected}`,
    "Keep to the keywords that the server's documentation lists",
  );
}

/**
 * Bounds the work that a schema can make, before anything recurses over it.
 *
 * @throws {ConfigError} for a schema that nests too deep or holds too much
 */
export function checkSize(schema: unknown): void {
  let level: unknown[] = [schema];
  let values = 0;
  for (let depth = 0; level.length > 0; depth++) {
    values += level.length;
    if (depth > MAX_DEPTH) throw invalid("#", `it nests more than ${MAX_DEPTH} levels`, "fewer");
    if (values > MAX_VALUES) throw invalid("#", `it holds more than ${MAX_VALUES} values`, "fewer");
    level = level.flatMap((value) => typeof value === "object" && value !== null ? Object.values(value) : []);
  }
}

/**
 * Checks that every keyword is understood where it stands.
 *
 * @throws {ConfigError} naming the first that is not
 */
export function checkKeywords(schema: SchemaObject, at: string): void {
  const whole = Object.keys(WHOLE).find((keyword) => schema[keyword] !== undefined);
  const known = whole === undefined ? CONSTRAINTS : [whole, ...WHOLE[whole]];
  for (const keyword of Object.keys(schema)) {
    if (known.includes(keyword) || ANNOTATIONS.includes(keyword)) continue;
    const beside = whole === undefined ? "" : ` beside "${whole}"`;
    throw invalid(`${at}/${keyword}`, `the keyword is not supported${beside}`, `one of ${known.join(", ")}`);
  }
}

/**
 * The types that a schema allows, or null where it leaves them open. Without `type`, keywords of objects and arrays tell.
 *
 * @throws {ConfigError} for a type that there is not
 */
export function typesOf({ type, ...schema }: SchemaObject, at: string): JsonType[] | null {
  if (type === undefined) {
    if ("properties" in schema || "required" in schema || "additionalProperties" in schema) return ["object"];
    if ("items" in schema || "prefixItems" in schema) return ["array"];
    const other = Object.keys(schema).find((keyword) => CONSTRAINTS.includes(keyword));
    if (other !== undefined) throw invalid(`${at}/${other}`, "no type stands beside it", 'a "type"');
    return null;
  }
  const types: unknown[] = Array.isArray(type) ? [...new Set(type)] : [type];
  const known = types.every((each) => typeof each === "string" && TYPES.includes(each));
  if (!known || types.length === 0) {
    throw invalid(`${at}/type`, "it is unknown", `some of ${TYPES.join(", ")}`);
  }
  return types as JsonType[];
}

/**
 * A lower and an upper bound; infinite where there is none. Counts have to be integers from 0.
 *
 * @throws {ConfigError} for what is no number, or an empty range
 */
export function boundsOf(
  schema: SchemaObject,
  lower: string,
  upper: string,
  at: string,
): [min: number, max: number] {
  const isCount = /Length|Items/.test(lower);
  const bound = (keyword: string, fallback: number): number => {
    const value = schema[keyword];
    if (value === undefined) return fallback;
    const fits = typeof value === "number" && (!isCount || (Number.isInteger(value) && value >= 0));
    if (!fits) {
      throw invalid(`${at}/${keyword}`, "it is no fitting number", isCount ? "0, 1, ..." : "a number");
    }
    return value;
  };
  const [min, max] = [bound(lower, isCount ? 0 : -Infinity), bound(upper, Infinity)];
  if (min > max) throw invalid(at, `${lower} is ${min} and ${upper} is ${max}`, "a range that is not empty");
  return [min, max];
}
