/** @file Whether every part of a grammar can come to an end. */
import { ConfigError } from "../../runtime/errors.ts";
import type { Grammar } from "./grammar.ts";

/**
 * Checks that every part of a grammar has a text that ends.
 *
 * @throws {ConfigError} where one contains itself without a way out
 */
export function requireFinite(grammar: Grammar): void {
  const open = new Set(partsOf(grammar));
  for (let before = -1; before !== open.size;) {
    before = open.size;
    // The innermost parts were found last; going backwards, most grammars are done in one round.
    for (const part of [...open].reverse()) if (ends(part, open)) open.delete(part);
  }
  if (open.size === 0) return;
  throw new ConfigError(
    "Cannot follow the JSON schema: a part of it contains itself without a way out, expected a value that ends",
    "Make the property that leads back optional, or allow null in its place",
  );
}

function partsOf(grammar: Grammar): Grammar[] {
  const found = new Set([grammar]);
  for (const part of found) for (const inner of innerParts(part)) found.add(inner);
  return [...found];
}

/** The parts that a text of `part` can go through. Those of a switch were made by us, and end. */
function innerParts(part: Grammar): readonly Grammar[] {
  switch (part.kind) {
    case "sequence":
      return part.parts;
    case "choice":
      return part.options;
    case "repeat":
      return part.max === 0 ? [] : [part.part];
    case "rule":
      return [part.body()];
    default:
      return [];
  }
}

function ends(part: Grammar, open: ReadonlySet<Grammar>): boolean {
  if (part.kind === "choice") return part.options.some((option) => !open.has(option));
  if (part.kind === "repeat" && part.min === 0) return true;
  return innerParts(part).every((inner) => !open.has(inner));
}
