/** Random texts that a grammar allows, and whether it allows a text: what the tests of constraints share. */
import type { Grammar } from "../../../server/constraint/grammar.ts";
import { Recognizer, type RecognizerState } from "../../../server/constraint/recognizer.ts";

/** Whether `text`, whole, is in the grammar. */
export function accepts(grammar: Grammar, text: string): boolean {
  const recognizer = new Recognizer(grammar);
  let state: RecognizerState | null = recognizer.start;
  for (const byte of new TextEncoder().encode(text)) {
    state = recognizer.advance(state, byte);
    if (state === null) return false;
  }
  return state.isComplete;
}

/** A text of the grammar, made of random bytes that fit; null where it did not end within `maxBytes`. */
export function randomText(grammar: Grammar, random: () => number, maxBytes = 4000): string | null {
  const recognizer = new Recognizer(grammar);
  let state = recognizer.start;
  const bytes: number[] = [];
  while (bytes.length < maxBytes) {
    if (state.isClosed || (state.isComplete && random() < 0.3)) {
      return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes));
    }
    const fitting: number[] = [];
    for (let byte = 0; byte < 256; byte++) if (recognizer.advance(state, byte) !== null) fitting.push(byte);
    if (fitting.length === 0) throw new Error(`stuck after ${JSON.stringify(String.fromCharCode(...bytes))}`);
    // Ends are rare among the bytes of a string: prefer them, so that walks come home.
    const ends = fitting.filter((byte) => `"]},`.includes(String.fromCharCode(byte)));
    const among = ends.length > 0 && random() < 0.3 ? ends : fitting;
    const byte = among[Math.floor(random() * among.length)];
    bytes.push(byte);
    state = recognizer.advance(state, byte)!;
  }
  return null;
}

/** Random numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
