/** Newer engines decode by themselves, in a tenth of the time (ECMAScript 2026). */
const { fromBase64 }: { readonly fromBase64?: (text: string) => Uint8Array<ArrayBuffer> } = Uint8Array;

/** The bytes that `text`, in base64, stands for. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return fromBase64 ? fromBase64.call(Uint8Array, text) : decodeByCharacters(text);
}

/** {@linkcode decodeBase64} where the engine cannot. */
export function decodeByCharacters(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
