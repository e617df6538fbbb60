/** @file The body of POST /v1/sessions. */
import * as v from "valibot";
import { parseRequest } from "./parse_request.ts";

const SessionBody = v.strictObject({
  /** A session or a snapshot to fork. */
  from: v.nullish(v.pipe(v.string(), v.maxLength(64))),
});

/**
 * Reads the body of a request for a new session.
 *
 * @throws {ApiError} naming the first field that does not fit
 */
export function sessionRequest(json: unknown): { from: string | null } {
  return { from: parseRequest(SessionBody, json).from ?? null };
}
