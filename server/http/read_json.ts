/** @file Request bodies as JSON, within bounds of size and time. */
import { ApiError, badRequest } from "../api_error.ts";

/** How long a body may be, and how long it may take. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/**
 * Reads a JSON body.
 *
 * @throws {ApiError} for another content type, a body that is too long or too slow or no JSON in UTF-8
 */
export async function readJson(request: Request, limits: BodyLimits): Promise<unknown> {
  // Also keeps out what web pages can send to a server without asking it: forms, and text.
  const type = request.headers.get("content-type")?.split(";")[0].trim().toLowerCase();
  if (type !== "application/json") {
    throw new ApiError(
      `The content type is ${type ? `"${type.slice(0, 80)}"` : "missing"}, expected application/json`,
      {
        ...{ status: 415, type: "invalid_request_error", code: "unsupported_media_type" },
      },
    );
  }
  const bytes = await readBytes(request, limits);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof TypeError ? "it is not UTF-8" : (error as Error).message.slice(0, 200);
    throw badRequest(`The body cannot be read: ${reason}, expected JSON`, "invalid_json");
  }
}

async function readBytes(
  request: Request,
  { maxBytes, timeoutMs }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(tooSlow(timeoutMs)), timeoutMs);
  try {
    return await Promise.race([collect(reader, maxBytes), late]);
  } catch (error) {
    reader.cancel(error).catch(() => {}); // the connection may be gone already
    if (error instanceof ApiError) throw error;
    throw badRequest("The body broke off, expected all of it", "incomplete_body");
  } finally {
    clearTimeout(timer);
  }
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError(`The body is too long, expected at most ${maxBytes} bytes`, {
    ...{ status: 413, type: "invalid_request_error", code: "body_too_large" },
  });
}

function tooSlow(timeoutMs: number): ApiError {
  return new ApiError(`The body did not come within ${timeoutMs} ms, expected all of it by then`, {
    ...{ status: 408, type: "timeout_error", code: "body_timeout" },
  });
}
