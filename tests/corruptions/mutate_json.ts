import { Seeded } from "./seeded.ts";

/** A damaged file: what was done to it, and its bytes. */
export interface Corruption {
  readonly what: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Values that a JSON document's author did not expect anywhere. */
const STRANGE: readonly string[] = [
  ...[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "-0",
    "1e999",
    "1e308",
    "9007199254740993",
    "18446744073709551616",
  ],
  ...[
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"__proto__"',
    '"../../x"',
    "[]",
    "{}",
    "[[[[]]]]",
    '[""]',
    "[-1]",
    "[1e400]",
  ],
  ...['{"__proto__":1}', "[null,null]", "4294967296", "2147483648", '"F64"', '"NaN"', "[0,0,0,0,0,0,0,0,0]"],
];

/**
 * Damages a JSON text, a different way for each seed: strange values, missing, doubled and renamed keys, and damage to the
 * text itself (cut off, a byte changed, bad UTF-8, NaN, deep nesting). Not every result is wrong to every reader.
 *
 * @param text a JSON document whose root is an object
 */
export function mutateJson(text: string, seed: number): Corruption {
  const random = new Seeded(seed);
  const kind = random.pick([
    changeValue,
    changeValue,
    changeValue,
    removeKey,
    renameKey,
    doubleKey,
    damageText,
  ]);
  return kind(text, random);
}

type Place = {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
  readonly path: string;
};

/** Every value below the root, with the object or array that holds it. */
function places(value: unknown, path = "$"): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [
    { holder, key, path: `${path}.${key}` },
    ...places(holder[key], `${path}.${key}`),
  ]);
}

/** A marker that stands for raw JSON text until the document is text again. */
const MARKER = "@@raw@@";

function changeValue(text: string, random: Seeded): Corruption {
  const root = JSON.parse(text);
  const { holder, key, path } = random.pick(places(root));
  const strange = random.pick(STRANGE);
  (holder as Record<string, unknown>)[key] = MARKER;
  return {
    what: `${path} = ${strange}`,
    bytes: encode(JSON.stringify(root).replace(`"${MARKER}"`, () => strange)),
  };
}

function removeKey(text: string, random: Seeded): Corruption {
  const root = JSON.parse(text);
  const { holder, key, path } = random.pick(places(root));
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
  return { what: `${path} removed`, bytes: encode(JSON.stringify(root)) };
}

function renameKey(text: string, random: Seeded): Corruption {
  const root = JSON.parse(text);
  const { holder, key, path } = random.pick(places(root).filter(({ holder }) => !Array.isArray(holder)));
  const object = holder as Record<string, unknown>;
  const name = random.pick([`${key}x`, key.toUpperCase() + "_", "", "constructor", key.slice(0, -1)]);
  object[MARKER] = object[key];
  delete object[key];
  const renamed = JSON.stringify(root).replace(`"${MARKER}"`, () => JSON.stringify(name));
  return { what: `${path} renamed to "${name}"`, bytes: encode(renamed) };
}

function doubleKey(text: string, random: Seeded): Corruption {
  const root = JSON.parse(text);
  const { holder, key, path } = random.pick(places(root).filter(({ holder }) => !Array.isArray(holder)));
  const object = holder as Record<string, unknown>;
  const entry = `${JSON.stringify(key)}:${random.pick([JSON.stringify(object[key]), "null"])}`;
  object[MARKER] = 0;
  return {
    what: `${path} doubled`,
    bytes: encode(JSON.stringify(root).replace(`"${MARKER}":0`, () => entry)),
  };
}

function damageText(text: string, random: Seeded): Corruption {
  const bytes = encode(text);
  const at = random.below(bytes.length);
  switch (random.below(6)) {
    case 0:
      return { what: `cut off at byte ${at}`, bytes: bytes.slice(0, at) };
    case 1:
      return { what: `byte ${at} replaced by 0xff`, bytes: splice(bytes, at, 1, Uint8Array.of(0xff)) };
    case 2:
      return { what: `NaN put in at byte ${at}`, bytes: splice(bytes, at, 0, encode("NaN")) };
    case 3:
      return {
        what: `100000 brackets put in at byte ${at}`,
        bytes: splice(bytes, at, 0, encode("[".repeat(1e5))),
      };
    case 4:
      return { what: `byte ${at} removed`, bytes: splice(bytes, at, 1, new Uint8Array(0)) };
    default:
      return { what: "text after the document", bytes: encode(text + text) };
  }
}

/** `bytes` with `removed` of them at `at` replaced by `added`. */
export function splice(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  removed: number,
  added: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(bytes.length - removed + added.length);
  result.set(bytes.subarray(0, at));
  result.set(added, at);
  result.set(bytes.subarray(at + removed), at + added.length);
  return result;
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
