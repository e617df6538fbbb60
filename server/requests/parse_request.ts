/** @file A request's JSON against a schema, and what is said where it does not fit. */
import * as v from "valibot";
import { type ApiError, badRequest } from "../api_error.ts";

/** Longest part of a message that repeats what the client sent. */
const MAX_MESSAGE = 300;

/** Parameters of OpenAI's API that mean something that this server does not do -> the values that ask for nothing. */
const UNSUPPORTED: Readonly<Record<string, (value: unknown) => boolean>> = {
  audio: () => false,
  best_of: (value) => value === 1,
  function_call: (value) => value === "none",
  functions: (value) => Array.isArray(value) && value.length === 0,
  modalities: (value) => JSON.stringify(value) === '["text"]',
  moderation: () => false,
  parallel_tool_calls: () => true,
  prediction: () => false,
  reasoning_effort: (value) => value === "none",
  suffix: (value) => value === "",
  tool_choice: (value) => value === "none" || value === "auto",
  tools: (value) => Array.isArray(value) && value.length === 0,
  verbosity: () => false,
  web_search_options: () => false,
};

/**
 * The request, checked and typed.
 *
 * @throws {ApiError} naming the first field that does not fit
 */
export function parseRequest<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
): v.InferOutput<Schema> {
  const outcome = v.safeParse(schema, withoutUnsupported(json), { abortEarly: true });
  if (outcome.success) return outcome.output;
  throw describe(outcome.issues[0]);
}

function withoutUnsupported(json: unknown): unknown {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw badRequest("The request is no JSON object, expected one", "invalid_type");
  }
  return Object.fromEntries(
    Object.entries(json).filter(([name, value]) => {
      if (!Object.hasOwn(UNSUPPORTED, name)) return true;
      if (value === null || UNSUPPORTED[name](value)) return false;
      throw badRequest(
        `"${name}" is not supported, expected a request without it`,
        "unsupported_parameter",
        name,
      );
    }),
  );
}

/** Checks whose requirement is a function. */
const WORDS: Readonly<Record<string, string>> = { safe_integer: "an integer", check: "an object" };

type Issue = v.BaseIssue<unknown>;

function describe(issue: Issue): ApiError {
  const param = pathOf(issue);
  const { received, expected, requirement, kind, type } = innermost(issue);
  const place = param === "" ? "The request" : `"${param}"`;
  if (expected === "never") {
    return badRequest(`${place} is unknown, expected a request without it`, "unknown_parameter", param);
  }
  if (received === "undefined") {
    return badRequest(`${place} is missing`, "missing_required_parameter", param);
  }
  const wanted = WORDS[type] ?? String(expected ?? requirement).slice(0, MAX_MESSAGE);
  const is = type.endsWith("_length") ? "has length" : "is";
  const message = `${place} ${is} ${received.slice(0, MAX_MESSAGE)}, expected ${wanted}`;
  return badRequest(message, kind === "schema" ? "invalid_type" : "invalid_value", param || null);
}

/** Of alternatives that all failed, the complaint of the one that came furthest. */
function innermost(issue: Issue): Issue {
  const depth = ({ path }: Issue): number => path?.length ?? 0;
  const inner = issue.type === "union" || issue.type === "variant" ? issue.issues ?? [] : [];
  const furthest = inner.reduce((best, each) => depth(each) > depth(best) ? each : best, inner[0] as Issue);
  return furthest !== undefined && depth(furthest) > 0 ? innermost(furthest) : issue;
}

function pathOf(issue: Issue): string {
  const inner = innermost(issue);
  const path = inner === issue ? issue.path ?? [] : [...issue.path ?? [], ...inner.path ?? []];
  return path.reduce<string>((path, { key }) => {
    const name = String(key).slice(0, 80);
    return typeof key === "number" ? `${path}[${key}]` : path === "" ? name : `${path}.${name}`;
  }, "").slice(0, MAX_MESSAGE);
}
