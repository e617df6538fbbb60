import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../runtime/errors.ts";
import { StopMatcher } from "../../runtime/stop_matcher.ts";
import { type Seeded, seeded } from "./seeded.ts";

interface Stopped {
  text: string;
  stop: string | null;
}

/** The stop that ends first, the longest of those, by looking everywhere. */
function oracle(text: string, stops: readonly string[]): Stopped {
  for (let end = 1; end <= text.length; end++) {
    const found = stops.filter((stop) =>
      text.slice(0, end).endsWith(stop)
    ).sort((a, b) => b.length - a.length)[0];
    if (found !== undefined) return { text: text.slice(0, end - found.length), stop: found };
  }
  return { text, stop: null };
}

/** The longest end of `text` that begins a stop string. */
function heldByOracle(text: string, stops: readonly string[]): string {
  for (let start = 0; start < text.length; start++) {
    if (stops.some((stop) => stop.startsWith(text.slice(start)))) return text.slice(start);
  }
  return "";
}

function run(matcher: StopMatcher, pieces: readonly string[]): Stopped {
  let text = "";
  for (const piece of pieces) {
    const result = matcher.push(piece);
    text += result.text;
    if (result.stop !== null) return { text, stop: result.stop };
  }
  return { text: text + matcher.flush(), stop: null };
}

/** Cuts between code points, with empty pieces now and then. */
function cut(text: string, draw: Seeded): string[] {
  const pieces = [""];
  for (const character of text) {
    if (draw.number() < 0.4) pieces.push(...draw.of([[""], ["", ""]]));
    pieces[pieces.length - 1] += character;
  }
  return pieces;
}

const ALPHABETS = ["a", "ab", "abc", "a\n", "a😀😁é", "\n #"];

Deno.test("StopMatcher agrees with a naive oracle on random texts, stops and cuts, and holds back no more than it must", () => {
  const draw = seeded(1);
  const word = (letters: readonly string[], most: number): string =>
    Array.from({ length: 1 + draw.integer(most) }, () => draw.of(letters)).join("");
  for (let round = 0; round < 4000; round++) {
    const letters = [...draw.of(ALPHABETS)];
    const stops = Array.from({ length: draw.integer(5) }, () => word(letters, 6));
    const text = word(letters, 40);
    const want = oracle(text, stops);
    const about = JSON.stringify({ round, text, stops });
    assertEquals(run(new StopMatcher(stops), cut(text, draw)), want, about);
    if (want.stop !== null) continue;
    const matcher = new StopMatcher(stops);
    for (let end = 0, seen = ""; end < text.length; end++) {
      seen += matcher.push(text[end]).text;
      assertEquals(seen + matcher.held, text.slice(0, end + 1), about);
      assertEquals(matcher.held, heldByOracle(text.slice(0, end + 1), stops), about);
    }
  }
});

Deno.test("StopMatcher.push gives the text before the stop, the stop, and then nothing", () => {
  const matcher = new StopMatcher(["\n\n", "END"]);
  assertEquals(matcher.push("The \n"), { text: "The ", stop: null });
  assertEquals(matcher.push("EN"), { text: "\n", stop: null });
  assertEquals(matcher.push("D of"), { text: "", stop: "END" });
  assertEquals(matcher.push("it"), { text: "", stop: "END" });
  assertEquals(matcher.flush(), "");
});

Deno.test("StopMatcher lets the stop that ends first win, the longest of those ending together", () => {
  for (const pieces of [["xabcd"], ["xa", "bcd"], ["x", "a", "b", "c", "d"]]) {
    assertEquals(run(new StopMatcher(["abcd", "bc"]), pieces), { text: "xa", stop: "bc" });
    assertEquals(run(new StopMatcher(["bcd", "abcd", "cd"]), pieces), { text: "x", stop: "abcd" });
  }
});

Deno.test("StopMatcher without stops passes everything through at once", () => {
  const matcher = new StopMatcher([]);
  assertEquals(matcher.push("a\n\n"), { text: "a\n\n", stop: null });
  assertEquals(matcher.held, "");
});

Deno.test("StopMatcher goes on from its state at every point", () => {
  const draw = seeded(3);
  const stops = ["aabaa", "abab", "baab", "😀a😀"];
  for (let round = 0; round < 300; round++) {
    const pieces = Array.from({ length: 12 }, () => draw.of(["a", "b", "ab", "aa", "😀", "😀a"]));
    const want = oracle(pieces.join(""), stops);
    let matcher = new StopMatcher(stops), text = "", stop: string | null = null;
    for (const piece of pieces) {
      matcher = new StopMatcher(stops, JSON.parse(JSON.stringify(matcher.state)));
      const result = matcher.push(piece);
      text += result.text;
      stop = result.stop;
      if (stop !== null) break;
    }
    assertEquals({ text: stop === null ? text + matcher.flush() : text, stop }, want);
  }
});

Deno.test("StopMatcher refuses the state of other stop strings", () => {
  assertThrows(() => new StopMatcher(["abc"], { held: "x" }), ConfigError, "Cannot restore the stop matcher");
  assertThrows(() => new StopMatcher(["abc"], { held: "zab" }), ConfigError);
});

Deno.test("StopMatcher refuses empty, ill-formed and too long stop strings", () => {
  assertThrows(() => new StopMatcher(["a", ""]), ConfigError, "empty");
  assertThrows(() => new StopMatcher(["\ud83d"]), ConfigError, "well-formed");
  assertThrows(() => new StopMatcher([3 as unknown as string]), ConfigError, "well-formed");
  assertThrows(() => new StopMatcher(["a".repeat(40_000), "b".repeat(40_000)]), ConfigError, "80000");
});

Deno.test("StopMatcher never cuts a surrogate pair", () => {
  const matcher = new StopMatcher(["😀😀"]);
  const pieces = ["😀", "😁", "😀", "x", "😀", "😀"].map((piece) => matcher.push(piece).text);
  assert(pieces.every((piece) => piece.isWellFormed()));
  assertEquals(pieces, ["", "😀😁", "", "😀x", "", ""]);
});

Deno.test("StopMatcher takes a text that almost matches everywhere, unit by unit", () => {
  const long = "a".repeat(60_000);
  const matcher = new StopMatcher([long + "b", "aab".repeat(1000) + "c"]);
  let emitted = 0;
  for (let i = 0; i < 300_000; i++) emitted += matcher.push("a").text.length;
  assertEquals(emitted, 240_000); // quadratic work would be 10^10 steps
  assertEquals(matcher.held, long);
  assertEquals(matcher.push("b"), { text: "", stop: long + "b" });
});
