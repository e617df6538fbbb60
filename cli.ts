#!/usr/bin/env -S deno run
/**
 * The command line: `hymba generate | chat | logits | inspect | convert`.
 *
 * ```sh
 * deno run jsr:@hymba/runtime/cli generate "Once upon a time"
 * deno run jsr:@hymba/runtime/cli --help
 * ```
 *
 * @module
 */
import process from "node:process";
import { main } from "./cli/main.ts";

export { main };
export type { ExitCode } from "./cli/exit.ts";

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
