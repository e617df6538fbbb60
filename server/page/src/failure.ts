/** @file Errors as the page shows them. */
import { HymbaError } from "../../../runtime/errors.ts";

/** What happened and what to do, in words. */
export function describeFailure(error: unknown): { message: string; remedy: string } {
  if (error instanceof HymbaError) return { message: error.message, remedy: error.remedy };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { message, remedy: "Reload the page" };
}
