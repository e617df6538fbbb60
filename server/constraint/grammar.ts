/**
 * @file Grammars over bytes, as plain data: what {@link Recognizer} reads. Two rules keep it from running in circles: what a `repeat`
 * repeats is never empty, and a `rule` never comes back to itself without a byte in between.
 */

/** A part of a grammar. Parts are shared, and told apart by identity. */
export type Grammar =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "switch"; readonly next: ByteSwitch }
  | { readonly kind: "automaton"; readonly automaton: Automaton }
  | { readonly kind: "sequence"; readonly parts: readonly Grammar[] }
  | { readonly kind: "choice"; readonly options: readonly Grammar[] }
  | { readonly kind: "repeat"; readonly part: Grammar; readonly min: number; readonly max: number }
  | { readonly kind: "rule"; readonly body: () => Grammar };

/** What follows each of the 256 bytes; undefined: the byte does not fit. */
export type ByteSwitch = readonly (Grammar | undefined)[];

/** A set of texts that is easier to ask about than to write down. A byte is a character of the same number. */
export interface Automaton {
  /** Whether some text of the set begins so. */
  isPrefix(text: string): boolean;
  /** Whether the text is in the set. */
  contains(text: string): boolean;
}

/** No bytes at all. */
export const EMPTY: Grammar = { kind: "sequence", parts: [] };

/** Exactly this text, as UTF-8. */
export function literal(text: string): Grammar {
  return text === "" ? EMPTY : { kind: "bytes", bytes: new TextEncoder().encode(text) };
}

/** One part after the other. */
export function sequence(...parts: readonly Grammar[]): Grammar {
  return parts.length === 1 ? parts[0] : { kind: "sequence", parts };
}

/** One of the parts. */
export function choice(...options: readonly Grammar[]): Grammar {
  return options.length === 1 ? options[0] : { kind: "choice", options };
}

/** From `min` to `max` times a part that is not empty. */
export function repeat(part: Grammar, min: number, max: number = Infinity): Grammar {
  return { kind: "repeat", part, min, max };
}

/** A part that is named before it is made, for grammars that contain themselves. */
export function rule(body: () => Grammar): Grammar {
  return { kind: "rule", body };
}

/** A byte within one of the ranges, and then what the range says. */
export function byteSwitch(
  ...ranges: readonly (readonly [from: number, to: number, then: Grammar])[]
): Grammar {
  const next = new Array<Grammar | undefined>(256).fill(undefined);
  for (const [from, to, then] of ranges) next.fill(then, from, to + 1);
  return { kind: "switch", next };
}

/** One byte out of the characters of an ASCII text. */
export function oneOf(characters: string): Grammar {
  return byteSwitch(...Array.from(characters, (character) => {
    const byte = character.charCodeAt(0);
    return [byte, byte, EMPTY] as const;
  }));
}
