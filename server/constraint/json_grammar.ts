/**
 * @file JSON (RFC 8259) as a grammar, a little narrower than JSON so that every text of it ends and can be read anywhere: spacing is at
 * most one space or one indented line end, numbers fit a double, strings are well-formed Unicode.
 */
import {
  type Automaton,
  byteSwitch,
  choice,
  EMPTY,
  type Grammar,
  literal,
  oneOf,
  repeat,
  rule,
  sequence,
} from "./grammar.ts";

/** Digits of an integer: with 15, every one is exact in a double. */
const MAX_DIGITS = 15;
const MAX_INDENT = 8;
/** Objects and arrays within each other where no schema says what they hold. */
const MAX_FREE_DEPTH = 12;
/** Longest name of a property that the schema does not name, in bytes. */
const MAX_FREE_NAME = 64;

/** Between two tokens of JSON. */
export const SPACE: Grammar = choice(
  EMPTY,
  literal(" "),
  sequence(literal("\n"), repeat(oneOf(" \t"), 0, MAX_INDENT)),
);
/** `,` and what may follow it. */
export const COMMA: Grammar = sequence(literal(","), SPACE);
const COLON = sequence(literal(":"), SPACE);

const TAIL = byteSwitch([0x80, 0xbf, EMPTY]);
const HEX = oneOf("0123456789abcdefABCDEF");
const ESCAPE = byteSwitch(
  ...Array.from('"\\/bfnrt', (character) => {
    const byte = character.charCodeAt(0);
    return [byte, byte, EMPTY] as const;
  }),
  [0x75, 0x75, unicodeEscape()],
);
/** One Unicode character of a string, as it stands or escaped (The Unicode Standard 17, table 3-7). */
const CHARACTER: Grammar = byteSwitch(
  [0x20, 0x21, EMPTY],
  [0x23, 0x5b, EMPTY],
  [0x5c, 0x5c, ESCAPE],
  [0x5d, 0x7f, EMPTY],
  [0xc2, 0xdf, TAIL],
  [0xe0, 0xe0, sequence(byteSwitch([0xa0, 0xbf, EMPTY]), TAIL)],
  [0xe1, 0xec, sequence(TAIL, TAIL)],
  [0xed, 0xed, sequence(byteSwitch([0x80, 0x9f, EMPTY]), TAIL)],
  [0xee, 0xef, sequence(TAIL, TAIL)],
  [0xf0, 0xf0, sequence(byteSwitch([0x90, 0xbf, EMPTY]), TAIL, TAIL)],
  [0xf1, 0xf3, sequence(TAIL, TAIL, TAIL)],
  [0xf4, 0xf4, sequence(byteSwitch([0x80, 0x8f, EMPTY]), TAIL, TAIL)],
);

/** A string of `min` to `max` characters. */
export function stringGrammar(min = 0, max = Infinity): Grammar {
  return sequence(literal('"'), repeat(CHARACTER, min, max), literal('"'));
}

const DIGIT = oneOf("0123456789");
const INTEGER = sequence(
  choice(EMPTY, literal("-")),
  choice(literal("0"), sequence(oneOf("123456789"), repeat(DIGIT, 0, MAX_DIGITS - 1))),
);
const NUMBER = sequence(
  INTEGER,
  choice(EMPTY, sequence(literal("."), repeat(DIGIT, 1, MAX_DIGITS))),
  choice(EMPTY, sequence(oneOf("eE"), choice(EMPTY, oneOf("+-")), repeat(DIGIT, 1, 2))),
);

/** A number. */
export function numberGrammar(): Grammar {
  return NUMBER;
}

/** An integer from `min` to `max`, of at most 15 digits. */
export function integerGrammar(min = -Infinity, max = Infinity): Grammar {
  if (min === -Infinity && max === Infinity) return INTEGER;
  return { kind: "automaton", automaton: new IntegerRange(min, max) };
}

/** `true` or `false`. */
export function booleanGrammar(): Grammar {
  return choice(literal("true"), literal("false"));
}

/** A name in an object, with its quotes, and the value after it. */
export function memberGrammar(name: Grammar, value: Grammar): Grammar {
  return sequence(name, COLON, value);
}

/** An object whose members are given with the commas between them. */
export function objectGrammar(members: Grammar): Grammar {
  return sequence(literal("{"), SPACE, members, SPACE, literal("}"));
}

/** An array whose elements are given with the commas between them. */
export function arrayGrammar(elements: Grammar): Grammar {
  return sequence(literal("["), SPACE, elements, SPACE, literal("]"));
}

/** Any number of parts, from `min` to `max`, with commas between them. */
export function listGrammar(part: Grammar, min = 0, max = Infinity): Grammar {
  if (max === 0) return EMPTY;
  const some = sequence(part, repeat(sequence(COMMA, part), Math.max(0, min - 1), max - 1));
  return min === 0 ? choice(EMPTY, some) : some;
}

/** Any value, objects and arrays nested at most `depth` deep. */
export function valueGrammar(depth = MAX_FREE_DEPTH): Grammar {
  const scalar = choice(stringGrammar(), NUMBER, booleanGrammar(), literal("null"));
  let value: Grammar = scalar;
  for (let i = 0; i < depth; i++) {
    const inner = value;
    value = choice(scalar, freeObjectGrammar(inner), arrayGrammar(listGrammar(inner)));
  }
  return value;
}

/** Any object, nested at most 12 deep. */
export function freeObjectGrammar(value: Grammar = valueGrammar(MAX_FREE_DEPTH - 1)): Grammar {
  return objectGrammar(listGrammar(memberGrammar(stringGrammar(), value)));
}

/** A property's name, with its quotes, that is none of `names`: printable ASCII without quotes and backslashes. */
export function otherNameGrammar(names: ReadonlySet<string>): Grammar {
  const automaton: Automaton = {
    isPrefix: (text) => text.length <= MAX_FREE_NAME && /^[ !#-[\]-~]*$/.test(text),
    contains: (text) => text.endsWith('"') && !names.has(text.slice(0, -1)),
  };
  return sequence(literal('"'), { kind: "automaton", automaton });
}

function unicodeEscape(): Grammar {
  const plain = sequence(oneOf("0123456789abcefABCEF"), HEX, HEX, HEX);
  const belowSurrogates = sequence(oneOf("dD"), oneOf("01234567"), HEX, HEX);
  return rule(() => choice(plain, belowSurrogates));
}

/** Decimal integers within a range. */
class IntegerRange implements Automaton {
  readonly #min: number;
  readonly #max: number;

  constructor(min: number, max: number) {
    this.#min = min;
    this.#max = max;
  }

  isPrefix(text: string): boolean {
    if (text === "") return true;
    if (text === "-") return this.#min < 0;
    if (!/^-?[1-9]\d*$/.test(text)) return false;
    const isNegative = text.startsWith("-");
    const magnitude = Math.abs(Number(text));
    const low = isNegative ? Math.max(1, -this.#max) : this.#min;
    const high = isNegative ? -this.#min : this.#max;
    const digits = text.length - (isNegative ? 1 : 0);
    for (let more = 1; digits + more <= MAX_DIGITS; more++) {
      const first = magnitude * 10 ** more;
      if (first <= high && first + 10 ** more - 1 >= low) return true;
    }
    return false;
  }

  contains(text: string): boolean {
    if (!/^(?:0|-?[1-9]\d*)$/.test(text)) return false;
    const value = Number(text);
    return value >= this.#min && value <= this.#max;
  }
}
