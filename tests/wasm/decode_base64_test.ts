import { assertEquals } from "@std/assert";
import { decodeBase64, decodeByCharacters } from "../../wasm/decode_base64.ts";

const BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);

Deno.test("decodeBase64 and decodeByCharacters give every byte, whatever the padding", () => {
  for (const length of [0, 1, 2, 3, 255, 256]) {
    const bytes = BYTES.subarray(0, length);
    const text = btoa(String.fromCharCode(...bytes));
    assertEquals(decodeBase64(text), bytes.slice());
    assertEquals(decodeByCharacters(text), bytes.slice());
  }
});
