"""The held-out files come from their seeds alone, and the oracle says what they and the golden file say."""

import json
import unittest

import numpy as np

import heldout
from hymba.config import DEFAULT
from hymba.oracle import Oracle
from hymba.tokenizer import Tokenizer

try:
    import tokenizers
except ImportError:
    tokenizers = None

TOKENIZER = str(heldout.CHECKPOINT / "tokenizer.json")
GOLDEN = heldout.FOLDER.parent / "default-model-golden" / "golden.json"


class Text(unittest.TestCase):
    def test_stories_are_those_of_the_seed(self):
        self.assertEqual([entry["text"] for entry in heldout.read("stories.json")["documents"]], heldout.make_stories())

    def test_questions_are_those_of_the_seed(self):
        self.assertEqual(heldout.read("questions.json")["items"], heldout.make_questions())

    def test_seeds_are_none_of_the_run(self):
        for name in ("stories.json", "questions.json"):
            seed = heldout.read(name)["seed"]
            self.assertNotIn(seed, heldout.TRAINED_SEEDS)
            self.assertNotIn(seed, range(1_900_000, 1_900_016))
            self.assertNotEqual(seed, 99)

    def test_ids_are_those_of_our_tokenizer_and_decode_to_the_text(self):
        tok = Tokenizer(TOKENIZER)
        for entry in heldout.read("stories.json")["documents"]:
            self.assertEqual(tok.encode(entry["text"]), entry["ids"])
            self.assertEqual(tok.decode(entry["ids"]), entry["text"])

    @unittest.skipIf(tokenizers is None, "the tokenizers package is not installed")
    def test_ids_are_those_of_the_tokenizers_library(self):
        tok = tokenizers.Tokenizer.from_file(TOKENIZER)
        for entry in heldout.read("stories.json")["documents"]:
            self.assertEqual(tok.encode(entry["text"], add_special_tokens=False).ids, entry["ids"])


class OracleFile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.figures = heldout.read("oracle.json")

    def test_it_belongs_to_the_files_beside_it(self):
        self.assertEqual(self.figures["storiesSha256"], heldout.sha256(heldout.FOLDER / "stories.json"))
        self.assertEqual(self.figures["questionsSha256"], heldout.sha256(heldout.FOLDER / "questions.json"))
        self.assertEqual(
            heldout.read("stories.json")["tokenizerSha256"], heldout.sha256(heldout.CHECKPOINT / "tokenizer.json")
        )

    def test_its_totals_are_the_sums_of_its_entries(self):
        texts = [entry["text"] for entry in heldout.read("stories.json")["documents"]]
        self.assertEqual(heldout.total(self.figures["documents"], texts), self.figures["stories"])
        targets = [len(entry["ids"]) + 1 for entry in heldout.read("stories.json")["documents"]]
        self.assertEqual([entry["targets"] for entry in self.figures["documents"]], targets)
        items, answers = heldout.read("questions.json")["items"], self.figures["answers"]
        right = [item["answer"] == answer["text"] for item, answer in zip(items, answers)]
        self.assertEqual(right, [answer["right"] for answer in answers])
        self.assertEqual(self.figures["questions"], {"count": len(items), "right": sum(right)})
        chunks = self.figures["long"]["chunks"]
        self.assertAlmostEqual(sum(chunks) / len(chunks), self.figures["long"]["natsPerTarget"], places=8)


class TheDefaultModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.oracle, cls.tok = Oracle.load(str(heldout.CHECKPOINT)), Tokenizer(TOKENIZER)

    def test_its_config_is_the_one_that_was_trained(self):
        self.assertEqual(json.loads((heldout.CHECKPOINT / "config.json").read_text()), DEFAULT)

    def test_the_oracle_figures_are_of_these_weights(self):
        for file, digest in heldout.read("oracle.json")["weightsSha256"].items():
            self.assertEqual(heldout.sha256(heldout.CHECKPOINT / file), digest)

    def test_the_oracle_loses_as_much(self):
        documents, losses = heldout.read("stories.json")["documents"], heldout.read("oracle.json")["documents"]
        for i in (0, 1, 77):
            got = heldout.document_loss(self.oracle, documents[i]["ids"])
            self.assertAlmostEqual(got["nats"], losses[i]["nats"], places=6)
            self.assertEqual((got["targets"], got["hits"]), (losses[i]["targets"], losses[i]["hits"]))

    def test_the_oracle_answers_so(self):
        items, answers = heldout.read("questions.json")["items"], heldout.read("oracle.json")["answers"]
        wrong = next(i for i, answer in enumerate(answers) if not answer["right"])
        for i in (0, wrong):
            got = heldout.answer(self.oracle, self.tok, items[i])
            self.assertEqual((got["text"], got["right"]), (answers[i]["text"], answers[i]["right"]))
            self.assertAlmostEqual(got["margin"], answers[i]["margin"], places=5)

    def test_the_oracle_agrees_with_the_golden_file(self):
        for entry in json.loads(GOLDEN.read_text())["prompts"]:
            self.assertEqual(self.tok.encode(entry["prompt"]), entry["ids"])
            logits = self.oracle.logits(entry["ids"])[-1]
            self.assertEqual(logits.argsort()[::-1][:10].tolist(), entry["top_ids"])
            self.assertLess(np.abs(logits[entry["top_ids"]] - entry["top_logits"]).max(), 1e-4)
            # teacher forcing: every golden id must be the largest logit after those before it
            forced = self.oracle.logits(entry["ids"] + entry["greedy_ids"][:-1])[len(entry["ids"]) - 1 :]
            self.assertEqual(forced.argmax(-1).tolist(), entry["greedy_ids"])


if __name__ == "__main__":
    unittest.main()
