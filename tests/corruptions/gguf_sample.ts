/** A number in a file: what it is, where it is, and how many bytes it takes. */
export interface Field {
  readonly what: string;
  readonly at: number;
  readonly width: 4 | 8;
}

/**
 * Writes GGUF files piece by piece, right or wrong, and remembers where their numbers are. Written from ggml's description
 * (docs/gguf.md) apart from the runtime's own writer, so that neither can hide the other's mistakes.
 */
export class GgufSample {
  readonly fields: Field[] = [];
  readonly #bytes: number[] = [];

  /** Magic, version and the two counts. */
  prologue(tensors: number | bigint, entries: number | bigint, version = 3): this {
    this.raw("GGUF");
    this.u32("version", version);
    this.u64("tensor count", tensors);
    return this.u64("metadata count", entries);
  }

  raw(text: string | Iterable<number>): this {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  u32(what: string, value: number): this {
    this.fields.push({ what, at: this.#bytes.length, width: 4 });
    return this.raw(new Uint8Array(Uint32Array.of(value).buffer));
  }

  u64(what: string, value: number | bigint): this {
    this.fields.push({ what, at: this.#bytes.length, width: 8 });
    return this.raw(new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
  }

  string(what: string, text: string | Uint8Array): this {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    return this.u64(`length of ${what}`, bytes.length).raw(bytes);
  }

  /** Key and type of a metadata entry; its value follows. */
  entry(key: string, type: number): this {
    return this.string(`key ${key}`, key).u32(`type of ${key}`, type);
  }

  /** A tensor info; `dimensions` innermost first, as ggml stores them. */
  tensor(
    name: string | Uint8Array,
    dimensions: readonly (number | bigint)[],
    type: number,
    offset: number | bigint,
  ): this {
    this.string(`name ${name}`, name).u32(`dimension count of ${name}`, dimensions.length);
    dimensions.forEach((size, i) => this.u64(`dimension ${i} of ${name}`, size));
    return this.u32(`type of ${name}`, type).u64(`offset of ${name}`, offset);
  }

  /** Zeros up to a multiple of `alignment`. */
  pad(alignment = 32): this {
    while (this.#bytes.length % alignment !== 0) this.#bytes.push(0);
    return this;
  }

  zeros(count: number): this {
    return this.raw(new Uint8Array(count));
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}

/** A small right file with every kind of metadata and a tensor of every dtype. */
export function gguf(): GgufSample {
  const sample = new GgufSample().prologue(5, 6);
  sample.entry("general.architecture", 8).string("value", "hymba");
  sample.entry("general.alignment", 4).u32("alignment", 32);
  sample.entry("hymba.size", 10).u64("size", 5);
  sample.entry("hymba.half", 6).u32("bits of half", 0x3f000000);
  sample.entry("hymba.list", 9).u32("element type of list", 5).u64("length of list", 2).u32("a", 1).u32(
    "b",
    2,
  );
  sample.entry("hymba.texts", 9).u32("element type of texts", 8).u64("length of texts", 2).string("c", "x")
    .string("d", "");
  sample.tensor("single", [4, 2], 0, 0).tensor("half", [3], 1, 32).tensor("brain", [2, 1, 4], 30, 64);
  sample.tensor("eight", [32, 2], 8, 96).tensor("four", [64], 2, 192).pad();
  sample.zeros(32).raw([0, 0x3c, 0, 0xbc, 1, 0]).pad().raw([0x80, 0x3f, 0x80, 0xbf]).zeros(12).pad();
  sample.raw([0, 0x3c]).zeros(32).raw([1, 0]).zeros(32).pad();
  return sample.raw([0, 0x3c]).zeros(16).raw([0, 0xbc]).zeros(16).pad();
}
