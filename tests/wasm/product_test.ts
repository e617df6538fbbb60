/**
 * @file What the matrix kernels promise beyond being close to the reference: a row's bits depend on nothing beside it, and
 * integer products are exact in every way of multiplying bytes. Native tests run the same on the scalar twin.
 */
import { assertEquals } from "@std/assert";
import { openKernels } from "../../runtime/backends/wasm/open_kernels.ts";
import { IQ4_VALUES } from "../../runtime/formats/iq4_blocks.ts";
import { quantize } from "../../runtime/formats/quantize.ts";
import { QUANTIZED_DTYPES, type QuantizedDtype, WEIGHT_DTYPES } from "../../runtime/tensor.ts";
import type { WasmExports } from "../../wasm/pkg/exports.ts";
import { seeded } from "../text/seeded.ts";
import { pack, product } from "./product.ts";

/** Rows, columns, rows of activations. */
const SHAPES = [[1, 32, 2], [17, 96, 5], [40, 320, 9], [300, 64, 13], [64, 256, 8], [515, 32, 3]] as const;

/** What `probe_dot` may answer, and who may be asked for it: the way without 8-bit dots works in every engine. */
function dotKinds(kernels: WasmExports): number[] {
  const [wide, narrow] = [0, 1];
  const probed = kernels.probe_dot();
  return [...new Set(probed === wide ? [wide] : [wide, narrow, probed])];
}

function normals(count: number, seed: number): Float32Array {
  const random = seeded(seed);
  return Float32Array.from({ length: count }, () => random.normal());
}

for (const variant of ["relaxed", "simd128"] as const) {
  Deno.test(`linear gives a row the same bits whatever l, in the ${variant} build`, async () => {
    const { kernels } = await openKernels({ variant });
    for (const dtype of WEIGHT_DTYPES) {
      for (const [rows, columns, l] of SHAPES) {
        const bytes = quantize(dtype, normals(rows * columns, rows));
        const x = normals(l * columns, l);
        for (const dotKind of dotKinds(kernels)) {
          const weight = pack(kernels, { dtype, rows, columns, bytes, dotKind });
          const together = product(kernels, weight, x);
          const alone = Array.from({ length: l }, (_, row) => {
            return [...product(kernels, weight, x.subarray(row * columns, (row + 1) * columns))];
          });
          assertEquals(alone.flat(), [...together], `${dtype}, one row at a time`);
          kernels.matrix_free(weight.pointer);
        }
      }
    }
  });

  Deno.test(`linear over quantised weights is exact for every byte, in the ${variant} build`, async () => {
    const { kernels } = await openKernels({ variant });
    const columns = 256;
    // Row r's weights begin at byte r: the ends -128 and 127 meet activations of -127 and 127 in every lane.
    const rows = 256;
    const byteOf = (row: number, column: number): number => (row + (column % 3 ? column : 127 + row)) % 256;
    const activations = [
      Array.from({ length: columns }, (_, i) => i % 2 ? 127 : -127),
      new Array<number>(columns).fill(127),
      new Array<number>(columns).fill(-127),
      Array.from({ length: columns }, (_, i) => i % 32 ? i % 5 - 2 : 127),
      Array.from({ length: columns }, (_, i) => i % 32 ? (i * 37) % 255 - 127 : -127),
    ];
    for (const dtype of QUANTIZED_DTYPES) {
      const { bytes, weights } = blocksOfScaleOne(dtype, rows, columns, byteOf);
      const exact = activations.flatMap((x) =>
        weights.map((row) => row.reduce((sum, weight, i) => sum + weight * x[i], 0))
      );
      for (const dotKind of dotKinds(kernels)) {
        const weight = pack(kernels, { dtype, rows, columns, bytes, dotKind });
        assertEquals([...product(kernels, weight, Float32Array.from(activations.flat()))], exact);
        kernels.matrix_free(weight.pointer);
      }
    }
  });
}

function nibbleWeight(dtype: "iq4_nl" | "q4_0", nibble: number): number {
  return dtype === "q4_0" ? nibble - 8 : IQ4_VALUES[nibble];
}

/** ggml blocks with a scale of 1, and the whole numbers that they stand for. */
function blocksOfScaleOne(
  dtype: QuantizedDtype,
  rows: number,
  columns: number,
  byteOf: (row: number, column: number) => number,
): { bytes: Uint8Array; weights: number[][] } {
  const bytes: number[] = [];
  const weights = Array.from({ length: rows }, (_, row) => {
    const values = new Array<number>(columns);
    for (let first = 0; first < columns; first += 32) {
      bytes.push(0x00, 0x3c);
      for (let i = 0; i < (dtype === "q8_0" ? 32 : 16); i++) {
        const byte = byteOf(row, first + i);
        bytes.push(byte);
        values[first + i] = dtype === "q8_0" ? byte << 24 >> 24 : nibbleWeight(dtype, byte & 15);
        if (dtype !== "q8_0") values[first + i + 16] = nibbleWeight(dtype, byte >> 4);
      }
    }
    return values;
  });
  return { bytes: Uint8Array.from(bytes), weights };
}
