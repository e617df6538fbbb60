"""Writes the matrices of a Hymba's decode step as an ONNX graph of MatMulNBits, random weights: what ONNX Runtime would take at least.

    python3 matmuls_onnx.py CONFIG_JSON BITS OUT    # numpy and onnx

Every layer's in_proj, out_proj, gate, up and down, and the head, each a [1, k] x [k, n] product with blocks of 32; a sum of each
keeps the products in the graph. Inputs: x{k} [1, k] f32 for each width k; output: one number.
"""
import json, sys
import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

BLOCK = 32


def matrices(config):
    d, f, inner = config['hidden_size'], config['intermediate_size'], 2 * config['hidden_size']
    heads, kv_heads = config['num_attention_heads'], config['num_key_value_heads']
    readers = {layer for group in config['kv_reuse_group'] for layer in group[1:]}
    for layer in range(config['num_hidden_layers']):
        kv = 0 if layer in readers else kv_heads * (d + inner) // heads
        yield from [(d + kv + 2 * inner, d), (d, inner), (f, d), (f, d), (d, f)]
    yield config['vocab_size'], d


def main(config_path, bits, out):
    bits = int(bits)
    rng = np.random.default_rng(1)
    nodes, initializers, sums, widths = [], [], [], set()
    for i, (n, k) in enumerate(matrices(json.load(open(config_path)))):
        blocks = k // BLOCK
        packed = rng.integers(0, 256, (n, blocks, BLOCK * bits // 8), dtype=np.uint8)
        scales = rng.uniform(0.001, 0.002, n * blocks).astype(np.float32)
        initializers += [numpy_helper.from_array(packed, f'w{i}'), numpy_helper.from_array(scales, f's{i}')]
        # accuracy_level 4: activations in int8, the fastest that ONNX Runtime has.
        nodes.append(helper.make_node('MatMulNBits', [f'x{k}', f'w{i}', f's{i}'], [f'y{i}'], domain='com.microsoft',
                                      K=k, N=n, bits=bits, block_size=BLOCK, accuracy_level=4))
        nodes.append(helper.make_node('ReduceSum', [f'y{i}'], [f't{i}'], keepdims=0))
        sums.append(f't{i}')
        widths.add(k)
    nodes.append(helper.make_node('Sum', sums, ['total']))
    inputs = [helper.make_tensor_value_info(f'x{k}', TensorProto.FLOAT, [1, k]) for k in sorted(widths)]
    outputs = [helper.make_tensor_value_info('total', TensorProto.FLOAT, [])]
    graph = helper.make_graph(nodes, 'matmuls', inputs, outputs, initializers)
    opsets = [helper.make_opsetid('', 17), helper.make_opsetid('com.microsoft', 1)]
    save(helper.make_model(graph, opset_imports=opsets, ir_version=9), out)


if __name__ == '__main__':
    main(*sys.argv[1:])
