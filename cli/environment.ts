/** @file Variables of the environment that users set. */
import process from "node:process";

/** A variable's value, where it is set and may be read; asking must not raise a permission prompt. */
export function readVariable(variable: string): string | undefined {
  const query = { name: "env", variable } as const;
  const mayRead = typeof Deno === "undefined" || Deno.permissions.querySync(query).state === "granted";
  return mayRead ? process.env[variable] || undefined : undefined;
}
