"""Packing, tokenizer training and checkpoint files: everything of training that needs neither torch nor a GPU."""

import json
import random
import struct
import tempfile
import unittest
from pathlib import Path

import numpy as np

from hymba.checkpoint import export
from hymba.config import DEFAULT
from hymba.safetensors import read_safetensors, write_safetensors
from hymba.tokenizer import Tokenizer
from stories import END

try:
    from trainer import rows
except ImportError:  # the tokenizers package is missing
    rows = None

LENGTH = 40


def documents(seed, count, longest):
    """Documents whose ids tell document and position, so that any cut shows; each ends in 0."""
    rng = random.Random(seed)
    sizes = [rng.randint(1, longest) for _ in range(count)]
    return [[1 + (100 * d + i) % 60000 for i in range(size)] + [0] for d, size in enumerate(sizes)]


@unittest.skipIf(rows is None, "the tokenizers package is not installed")
class Packing(unittest.TestCase):
    def setUp(self):
        self.docs = documents(1, 400, LENGTH)
        self.packed = rows.pack(list(self.docs), LENGTH, random.Random(2))

    def test_rows_are_full(self):
        self.assertEqual(self.packed.shape[1], LENGTH + 1)
        self.assertEqual(self.packed.dtype, np.uint16)
        tokens = sum(map(len, self.docs))
        self.assertGreater(self.packed.size, 0.97 * tokens)

    def test_a_row_begins_with_a_document_or_with_the_end_of_text(self):
        heads = {tuple(d[:3]) for d in self.docs}
        for row in self.packed.tolist():
            start = row[1:] if row[0] == 0 else row
            self.assertIn(tuple(start[: start.index(0) + 1][:3] if 0 in start[:3] else start[:3]), heads)
        led = (self.packed[:, 0] == 0).mean()
        self.assertTrue(0.15 < led < 0.45, led)

    def test_a_document_is_followed_by_a_document(self):
        firsts = {d[0] for d in self.docs}
        for row in self.packed.tolist():
            for before, after in zip(row, row[1:]):
                if before == 0:
                    self.assertIn(after, firsts)
                elif after != 0:
                    self.assertEqual(after, before % 60000 + 1)

    def test_a_document_longer_than_a_row_goes_on_in_another_row(self):
        long = [list(range(1, 101)) + [0]]
        packed = rows.pack(long, LENGTH, random.Random(0), lead=0.0)
        self.assertEqual(packed.tolist(), [list(range(1, 42)), list(range(42, 83))])

    def test_the_same_seed_gives_the_same_rows(self):
        again = rows.pack(list(self.docs), LENGTH, random.Random(2))
        self.assertTrue(np.array_equal(again, self.packed))


@unittest.skipIf(rows is None, "the tokenizers package is not installed")
class TrainedTokenizer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = rows.make_documents(3, 300)
        cls.tok = rows.train_tokenizer(cls.texts, 600)
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.path = f"{folder}/tokenizer.json"
        cls.tok.save(cls.path)

    def test_both_readers_of_its_file_agree(self):
        own = Tokenizer(self.path)
        for text in [*self.texts[:100], f"Once{END}upon a  time\n\n", "naïve 東京 🦊 \t x", ""]:
            self.assertEqual(own.encode(text), rows.encode(self.tok, text), text)
            self.assertEqual(own.decode(own.encode(text)), text)

    def test_byte_lengths_add_up(self):
        sizes = rows.byte_lengths(self.tok)
        for text in [*self.texts[:50], "naïve 東京 🦊"]:
            self.assertEqual(sizes[rows.encode(self.tok, text)].sum(), len(text.encode()))

    def test_too_little_text_for_the_vocabulary_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "Cannot train the tokenizer"):
            rows.train_tokenizer(["a b"], 600)


class Safetensors(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def round_trip(self, tensors, kind):
        path = str(self.folder / "t.safetensors")
        write_safetensors(path, tensors, kind)
        return read_safetensors(path)

    def test_float32_comes_back(self):
        tensors = {"b": np.arange(6, dtype=np.float32).reshape(2, 3) / 7, "a": np.float32([1e-30, -3e30])}
        back = self.round_trip(tensors, "F32")
        self.assertEqual(list(back), ["b", "a"])
        for name, a in tensors.items():
            self.assertTrue(np.array_equal(back[name], a))

    def test_bfloat16_is_rounded_to_nearest_even(self):
        x = np.float32([1, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -1 - 2**-8])
        back = self.round_trip({"x": x}, "BF16")["x"]
        self.assertEqual(back.tolist(), [1, 1, 1 + 2**-6, 1 + 2**-7, -1])

    def test_the_header_is_padded_to_eight_bytes(self):
        self.round_trip({"x": np.float32([1])}, "F32")
        data = (self.folder / "t.safetensors").read_bytes()
        size = struct.unpack("<Q", data[:8])[0]
        self.assertEqual(size % 8, 0)
        self.assertEqual(json.loads(data[8 : 8 + size])["x"]["data_offsets"], [0, 4])

    def test_another_kind_is_an_error(self):
        with self.assertRaisesRegex(ValueError, '"F64"'):
            write_safetensors(str(self.folder / "x"), {"x": np.float32([1])}, "F64")

    def test_export_writes_the_published_layout(self):
        run, target = self.folder / "run", self.folder / "checkpoint"
        run.mkdir()
        rng = np.random.default_rng(0)
        weights = {f"t{i:02}": rng.normal(size=(3, i + 1)).astype(np.float32) for i in range(10)}
        for part, names in enumerate((sorted(weights)[:4], sorted(weights)[4:])):
            file = str(run / f"fp32-{part + 1}.safetensors")
            write_safetensors(file, {name: weights[name] for name in names}, "F32")
        (run / "tokenizer.json").write_text("{}")
        log = {"settings": {"folder": "x", "lr": 1}, "steps": [{"step": 1}, {"step": 2}]}
        (run / "training_log.json").write_text(json.dumps(log))
        export(str(run), str(target))
        index = json.loads((target / "model.safetensors.index.json").read_text())
        stored = {}
        for file in sorted(set(index["weight_map"].values())):
            part = read_safetensors(str(target / file))
            self.assertEqual(dict.fromkeys(part, file), {n: f for n, f in index["weight_map"].items() if f == file})
            stored |= part
        self.assertEqual(stored.keys(), weights.keys())
        self.assertEqual(index["metadata"]["total_size"], sum(2 * a.size for a in weights.values()))
        for name, a in weights.items():
            self.assertLessEqual(np.abs(stored[name] - a).max(), np.abs(a).max() / 256)
        self.assertEqual(json.loads((target / "config.json").read_text()), DEFAULT)
        told = json.loads((target / "training_log.json").read_text())
        self.assertEqual(told, {"settings": {"lr": 1}, "steps": log["steps"]})


if __name__ == "__main__":
    unittest.main()
