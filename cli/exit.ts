/** @file How the program ends: exit codes, and what is said about an error. */
import { inspect } from "node:util";
import { HymbaError } from "../runtime/errors.ts";
import { readVariable } from "./environment.ts";

/** 0: done; 1: the work failed; 2: the command line is wrong; 130: interrupted, as shells count signal 2. */
export type ExitCode = 0 | 1 | 2 | 130;

/** Ends the program with nothing more to say. */
export class QuietExit extends Error {
  /** What the process exits with. */
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super(`exit ${exitCode}`);
    this.name = "QuietExit";
    this.exitCode = exitCode;
  }
}

/** The lines that tell a user of an error: what happened, then what to do; with HYMBA_DEBUG=1 where it was thrown, too. */
export function describeError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `error: ${message}\n  ${remedyOf(error)}\n${debugIsOn() ? `${inspect(error)}\n` : ""}`;
}

function remedyOf(error: unknown): string {
  if (error instanceof HymbaError) return error.remedy;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code === "string" && /^E[A-Z]+$/.test(code)) {
    return "The system refused; check the disk and where output goes";
  }
  return "This is a fault of the program; run it with HYMBA_DEBUG=1 to see where";
}

function debugIsOn(): boolean {
  return (readVariable("HYMBA_DEBUG") ?? "0") !== "0";
}
