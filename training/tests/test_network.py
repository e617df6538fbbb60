"""The PyTorch network against the NumPy float64 oracle, which shares no code with it, and against itself."""

import copy
import tempfile
import unittest

import numpy as np

from tests.tiny import TINY

try:
    import torch
except ImportError:
    torch = None

LENGTH = 17  # more than three windows


@unittest.skipIf(torch is None, "torch is not installed (Debian has a small one: python3-torch)")
class Network(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        from hymba.config import Config
        from hymba.model import Hymba

        torch.manual_seed(0)
        cls.net = Hymba(Config(TINY), 3).double()
        with torch.no_grad():  # as far from the start of training as a test needs: every part must matter
            for name, p in cls.net.named_parameters():
                if "norm" in name:
                    p.mul_(1 + 0.3 * torch.randn_like(p))
                elif name.endswith("weight") or "memory" in name:
                    p.mul_(8.0)
                else:
                    p.add_(0.3 * torch.randn_like(p))
        cls.ids = torch.randint(0, TINY["vocab_size"], (LENGTH,)).tolist()
        cls.logits = cls.forward(cls.net, cls.ids)

    @staticmethod
    def forward(net, ids):
        with torch.no_grad():
            return net.logits(net(torch.tensor([ids])))[0].numpy()

    def oracle(self):
        from hymba.oracle import Oracle

        return Oracle(TINY, {name: p.detach().numpy() for name, p in self.net.named_parameters()})

    def assert_close(self, got, wanted, limit):
        self.assertLess(np.abs(got - wanted).max() / wanted.std(), limit)

    def test_forward_is_the_oracles_prefill(self):
        self.assert_close(self.logits, self.oracle().logits(self.ids), 1e-11)

    def test_forward_is_the_oracles_steps(self):
        oracle = self.oracle()
        rows = [oracle.logits(self.ids[:2])] + [oracle.append([i]) for i in self.ids[2:]]
        self.assert_close(self.logits, np.concatenate(rows), 1e-11)

    def test_the_window_is_smaller_by_one_than_nvidias_prefill(self):
        oracle = self.oracle()
        oracle._ref.cfg["window"] += 1  # NVIDIA's prefill rule
        other = oracle.logits(self.ids)
        inside = TINY["sliding_window"] - TINY["num_memory_tokens"]
        self.assert_close(other[:inside], self.logits[:inside], 1e-11)
        self.assertGreater(np.abs(other - self.logits).max(), 1e-3)

    def test_the_decoder_token_by_token_is_the_forward_pass(self):
        from hymba.decoder import Decoder

        decoder = Decoder(self.net, 1)
        steps = torch.cat([decoder.push(torch.tensor([[i]])) for i in self.ids]).numpy()
        self.assert_close(steps, self.logits, 1e-11)

    def test_a_batch_is_its_rows(self):
        other = self.ids[::-1]
        with torch.no_grad():
            both = self.net.logits(self.net(torch.tensor([self.ids, other]))).numpy()
        self.assert_close(both[0], self.logits, 1e-11)
        self.assert_close(both[1], self.forward(self.net, other), 1e-11)

    def test_float32_is_close_to_float64(self):
        self.assert_close(self.forward(copy.deepcopy(self.net).float(), self.ids), self.logits, 1e-4)

    def test_gradients_are_the_slopes_of_the_loss(self):
        net = copy.deepcopy(self.net)
        ids, targets = torch.tensor([self.ids[:-1]]), torch.tensor(self.ids[1:])

        def loss():
            return torch.nn.functional.cross_entropy(net.logits(net(ids))[0], targets)

        loss().backward()
        torch.manual_seed(1)
        for name, p in net.named_parameters():
            direction = torch.randn_like(p)
            wanted = (p.grad * direction).sum().item()
            step = 1e-6
            with torch.no_grad():
                p.add_(step * direction)
                above = loss().item()
                p.sub_(2 * step * direction)
                below = loss().item()
                p.add_(step * direction)
            self.assertAlmostEqual((above - below) / (2 * step), wanted, delta=1e-6 + 1e-4 * abs(wanted), msg=name)

    def test_exported_weights_are_rounded_as_torch_rounds(self):
        from hymba.checkpoint import read_weights, write_weights

        weights = {name: p.detach().float().numpy() for name, p in self.net.named_parameters()}
        with tempfile.TemporaryDirectory() as folder:
            write_weights(folder, weights)
            stored = read_weights(folder)
        self.assertEqual(stored.keys(), weights.keys())
        for name, a in weights.items():
            wanted = torch.from_numpy(a).bfloat16().float().numpy()
            self.assertTrue(np.array_equal(stored[name], wanted), name)


@unittest.skipIf(torch is None, "torch is not installed (Debian has a small one: python3-torch)")
class Answers(unittest.TestCase):
    def test_the_targets_inside_answers_are_marked(self):
        from trainer.marks import inside_answers

        word, colon, newline = 7, 8, 9
        row = [1, word, colon, 2, 3, newline, 4, word, colon, 5, 0, 6, colon, 1]
        # the target of a position is the id after it: answers (2, 3, newline) and (5, 0); a lone colon starts none
        wanted = [False, False, True, True, True, False, False, False, True, True, False, False, False]
        self.assertEqual(inside_answers(torch.tensor([row]), (word, colon, newline))[0].tolist(), wanted)


if __name__ == "__main__":
    unittest.main()
