/**
 * @file A JSON Schema (2020-12) -> a grammar of values that it allows. Keywords that a grammar cannot follow are an error, never
 * ignored. Properties come in the schema's order; what the schema leaves open (other properties) is left out unless it is allowed by name.
 */
import { choice, type Grammar, literal, rule } from "./grammar.ts";
import {
  arrayGrammar,
  booleanGrammar,
  freeObjectGrammar,
  integerGrammar,
  listGrammar,
  numberGrammar,
  stringGrammar,
  valueGrammar,
} from "./json_grammar.ts";
import { requireFinite } from "./finite_grammar.ts";
import { objectSchemaGrammar, tupleGrammar } from "./schema_containers.ts";
import {
  boundsOf,
  checkKeywords,
  checkSize,
  invalid,
  isSchemaObject,
  type JsonType,
  type SchemaObject,
  typesOf,
} from "./schema_keywords.ts";

/**
 * The grammar of a schema.
 *
 * @throws {ConfigError} for a keyword that is not supported, or a schema that no value fits
 */
export function schemaGrammar(schema: unknown): Grammar {
  checkSize(schema);
  const grammar = new SchemaCompiler(schema).compile(schema, "#");
  requireFinite(grammar);
  return grammar;
}

class SchemaCompiler {
  readonly #root: unknown;
  /** By pointer; made before the schema behind it is read, for schemas that contain themselves. */
  readonly #references = new Map<string, { grammar: Grammar | null }>();

  constructor(root: unknown) {
    this.#root = root;
  }

  /** @param at where the schema stands, as a JSON pointer */
  compile(schema: unknown, at: string): Grammar {
    if (schema === true) return valueGrammar();
    if (!isSchemaObject(schema)) throw invalid(at, "it allows nothing or is no schema", "an object or true");
    checkKeywords(schema, at);
    if (schema.$ref !== undefined) return this.#reference(schema.$ref, at);
    if (schema.anyOf !== undefined) return this.#anyOf(schema.anyOf, at);
    if (schema.const !== undefined) return this.#values([schema.const], schema, `${at}/const`);
    if (schema.enum !== undefined) return this.#values(schema.enum, schema, `${at}/enum`);
    const types = typesOf(schema, at);
    if (types === null) return valueGrammar();
    return choice(...types.map((type) => this.#ofType(type, schema, at)));
  }

  #ofType(type: JsonType, schema: SchemaObject, at: string): Grammar {
    switch (type) {
      case "null":
        return literal("null");
      case "boolean":
        return booleanGrammar();
      case "string":
        return stringGrammar(...boundsOf(schema, "minLength", "maxLength", at));
      case "integer":
        return this.#integer(schema, at);
      case "number":
        return this.#number(schema, at);
      case "array":
        return this.#array(schema, at);
      case "object":
        return this.#object(schema, at);
      default:
        throw type satisfies never;
    }
  }

  #integer(schema: SchemaObject, at: string): Grammar {
    const [low, high] = boundsOf(schema, "minimum", "maximum", at);
    const [above, below] = boundsOf(schema, "exclusiveMinimum", "exclusiveMaximum", at);
    const min = Math.max(Math.ceil(low), Math.floor(above) + 1);
    const max = Math.min(Math.floor(high), Math.ceil(below) - 1);
    const first = Math.max(min, -(10 ** 15) + 1), last = Math.min(max, 10 ** 15 - 1);
    if (first > last) {
      throw invalid(at, `no integer of 15 digits lies from ${min} to ${max}`, "a range with one");
    }
    return integerGrammar(min, max);
  }

  #number(schema: SchemaObject, at: string): Grammar {
    const bound = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"].find((key) =>
      schema[key] !== undefined
    );
    if (bound === undefined) return numberGrammar();
    throw invalid(`${at}/${bound}`, "it bounds a number", 'bounds on type "integer" only');
  }

  #array(schema: SchemaObject, at: string): Grammar {
    const [min, max] = boundsOf(schema, "minItems", "maxItems", at);
    const { prefixItems = [], items = true } = schema;
    if (!Array.isArray(prefixItems)) throw invalid(`${at}/prefixItems`, "it is no list", "a list of schemas");
    const rest = items === false ? null : this.compile(items, `${at}/items`);
    if (prefixItems.length === 0 && rest !== null) return arrayGrammar(listGrammar(rest, min, max));
    const first = prefixItems.map((item, i) => this.compile(item, `${at}/prefixItems/${i}`));
    if (rest === null && min > first.length) {
      throw invalid(`${at}/minItems`, `it is ${min}`, "no more than items");
    }
    return arrayGrammar(tupleGrammar(first, rest, min, max));
  }

  #object(schema: SchemaObject, at: string): Grammar {
    const { properties = {}, required = [], additionalProperties } = schema;
    if (!isSchemaObject(properties)) throw invalid(`${at}/properties`, "it is no object", "schemas by name");
    const names = Object.keys(properties);
    if (!Array.isArray(required) || !required.every((name) => names.includes(name))) {
      throw invalid(`${at}/required`, "it names what is not in properties", "names of properties");
    }
    const open = additionalProperties ?? (names.length === 0);
    if (names.length === 0 && open === true) return freeObjectGrammar();
    return objectSchemaGrammar({
      properties: names.map((name) => ({
        name,
        value: this.compile(properties[name], `${at}/properties/${name}`),
        isRequired: required.includes(name),
      })),
      other: open === false ? null : this.compile(open, `${at}/additionalProperties`),
    });
  }

  #anyOf(options: unknown, at: string): Grammar {
    if (!Array.isArray(options) || options.length === 0) {
      throw invalid(`${at}/anyOf`, "it is no list with an entry", "a list of schemas");
    }
    return choice(...options.map((option, i) => this.compile(option, `${at}/anyOf/${i}`)));
  }

  #values(values: unknown, schema: SchemaObject, at: string): Grammar {
    if (!Array.isArray(values)) throw invalid(at, "it is no list", "a list of values");
    const types = typesOf({ type: schema.type }, at);
    const fitting = values.filter((value) => types === null || types.some((type) => isOfType(value, type)));
    if (fitting.length === 0) throw invalid(at, "none of its values is of the type", "a value that fits");
    return choice(...fitting.map((value) => literal(JSON.stringify(value))));
  }

  #reference(pointer: unknown, at: string): Grammar {
    if (typeof pointer !== "string" || !/^#(?:\/|$)/.test(pointer)) {
      throw invalid(`${at}/$ref`, "it points out of the schema", 'a pointer such as "#/$defs/name"');
    }
    let entry = this.#references.get(pointer);
    if (entry === undefined) {
      this.#references.set(pointer, entry = { grammar: null });
      entry.grammar = this.compile(this.#resolve(pointer, at), pointer);
    }
    const { grammar } = entry;
    return grammar ?? rule(() => entry.grammar!);
  }

  #resolve(pointer: string, at: string): unknown {
    let value = this.#root;
    for (const token of pointer.split("/").slice(1)) {
      const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) {
        throw invalid(`${at}/$ref`, `nothing stands at "${pointer.slice(0, 80)}"`, "a place in the schema");
      }
      value = (value as SchemaObject)[name];
    }
    return value;
  }
}

function isOfType(value: unknown, type: JsonType): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isSchemaObject(value);
  const kind: string = typeof value;
  return type === "integer" ? Number.isInteger(value) : kind === type;
}
