/** @file Grammars of objects with named properties, and of arrays whose first elements have schemas of their own. */
import { choice, EMPTY, type Grammar, literal, repeat, sequence } from "./grammar.ts";
import { COMMA, listGrammar, memberGrammar, objectGrammar, otherNameGrammar } from "./json_grammar.ts";

/** What an object may hold. */
export interface ObjectContents {
  /** In the order in which they are written. */
  readonly properties: readonly {
    readonly name: string;
    readonly value: Grammar;
    readonly isRequired: boolean;
  }[];
  /** Values of further properties; null: there are none. */
  readonly other: Grammar | null;
}

/** An object with the properties in order, optional ones left out at will, and then further ones. */
export function objectSchemaGrammar({ properties, other }: ObjectContents): Grammar {
  const names = new Set(properties.map(({ name }) => name));
  const otherMember = other && memberGrammar(otherNameGrammar(names), other);
  // What may follow, where nothing stands before it and where something does.
  let rest = {
    first: otherMember === null ? EMPTY : listGrammar(otherMember),
    later: otherMember === null ? EMPTY : repeat(sequence(COMMA, otherMember), 0),
  };
  for (const { name, value, isRequired } of properties.toReversed()) {
    const member = memberGrammar(literal(JSON.stringify(name)), value);
    const first = sequence(member, rest.later), later = sequence(COMMA, member, rest.later);
    rest = isRequired
      ? { first, later }
      : { first: choice(first, rest.first), later: choice(later, rest.later) };
  }
  return objectGrammar(rest.first);
}

/** From `min` to `max` elements: the first ones as `first` says, the others as `rest` does; null: there are no others. */
export function tupleGrammar(
  first: readonly Grammar[],
  rest: Grammar | null,
  min: number,
  max: number,
): Grammar {
  const most = rest === null ? Math.min(max, first.length) : max;
  const head = first.slice(0, most);
  let tail = rest === null
    ? EMPTY
    : repeat(sequence(COMMA, rest), Math.max(0, min - head.length), most - head.length);
  for (let i = head.length - 1; i >= 0; i--) {
    const next = i === 0 ? sequence(head[i], tail) : sequence(COMMA, head[i], tail);
    tail = i >= min ? choice(EMPTY, next) : next;
  }
  return head.length === 0 ? EMPTY : tail;
}
