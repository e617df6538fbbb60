/** @file Lowers `embed`: one dispatch for each part of the table. */
import type { EmbedArgs } from "../../../backend.ts";
import { columnCount, rowCount } from "../../../tensor.ts";
import type { Gpu } from "../gpu.ts";
import { place, regionOf } from "../region.ts";
import { matrixOf } from "../weights.ts";

const WORKGROUP_SIZE = 64;

/** See {@linkcode EmbedArgs}. */
export function embed(gpu: Gpu, { ids, table, out }: EmbedArgs): void {
  const { parts, rowBlocks } = matrixOf(table);
  for (const { firstRow, rows, blocks, scales } of parts) {
    gpu.commands.run({
      kernel: "embed",
      libraries: [`block_${table.dtype}`, "scale"],
      constants: { WORKGROUP_SIZE },
      resources: { table: blocks, scales, ids: regionOf(ids), out: regionOf(out) },
      params: {
        blocks: rowBlocks,
        columns: columnCount(out),
        firstRow,
        rows,
        idsOffset: ids.offset,
        ...place("out", out),
      },
      grid: [Math.ceil(rowBlocks / WORKGROUP_SIZE), rowCount(out)],
    });
  }
}
