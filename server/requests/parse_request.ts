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
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
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

function describe(issue: v.BaseIssue<unknown>): ApiError {
  const param = (issue.path ?? []).reduce<string>((path, { key }) => {
    const name = String(key).slice(0, 80);
    return typeof key === "number" ? `${path}[${key}]` : path === "" ? name : `${path}.${name}`;
  }, "");
  const place = param === "" ? "The request" : `"${param}"`;
  const received = issue.received.slice(0, MAX_MESSAGE);
  if (issue.expected === "never") {
    return badRequest(`${place} is unknown, expected a request without it`, "unknown_parameter", param);
  }
  if (issue.received === "undefined") {
    return badRequest(`${place} is missing`, "missing_required_parameter", param);
  }
  const expected = issue.expected ?? issue.requirement ?? "another value";
  const message = `${place} is ${received}, expected ${String(expected).slice(0, MAX_MESSAGE)}`;
  return badRequest(message, issue.kind === "schema" ? "invalid_type" : "invalid_value", param || null);
}
