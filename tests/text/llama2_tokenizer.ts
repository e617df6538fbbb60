/**
 * @file The tokenizer.json of Hymba-1.5B: Llama 2's, which the npm package llama-tokenizer-js carries in a form of its own, and `[PAD]`.
 * As a program it prints the file, for make_llama2_fixture.py.
 */
import llama from "llama-tokenizer-js";

const BEGIN = { SpecialToken: { id: "<s>", type_id: 0 } };
const TEXT = { Sequence: { id: "A", type_id: 0 } };

/** All but the vocabulary. */
const PARTS = {
  normalizer: {
    type: "Sequence",
    normalizers: [
      { type: "Prepend", prepend: "▁" },
      { type: "Replace", pattern: { String: " " }, content: "▁" },
    ],
  },
  pre_tokenizer: null,
  post_processor: {
    type: "TemplateProcessing",
    single: [BEGIN, TEXT],
    pair: [BEGIN, TEXT, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
  },
  decoder: {
    type: "Sequence",
    decoders: [
      { type: "Replace", pattern: { String: "▁" }, content: " " },
      { type: "ByteFallback" },
      { type: "Fuse" },
      { type: "Strip", content: " ", start: 1, stop: 0 },
    ],
  },
} as const;

/** A special token as tokenizer.json lists it. */
function special(id: number, content: string): object {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

/** The parsed tokenizer.json: 32,000 pieces, 61,249 merges, byte fallback, and `[PAD]` as 32,000. */
export function llama2TokenizerJson(): object {
  const vocab = Object.fromEntries(llama.vocabById.map((piece, id) => [piece, id]));
  const merges = [...llama.merges].sort(([, a], [, b]) => a - b).map(([merge]) => merge);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: ["<unk>", "<s>", "</s>", "[PAD]"].map((token) => special(vocab[token] ?? 32_000, token)),
    ...PARTS,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: "<unk>",
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}

/** What tokenizer_config.json says beside it. */
export const LLAMA2_CONFIG = {
  tokenizer_class: "LlamaTokenizer",
  add_bos_token: true,
  add_eos_token: false,
  bos_token: "<s>",
  eos_token: "</s>",
  unk_token: "<unk>",
  pad_token: "[PAD]",
} as const;

if (import.meta.main) console.log(JSON.stringify(llama2TokenizerJson()));
