/** @file Every op, on every backend, for every case of the tables, against the reference. */
import { assertEquals } from "@std/assert";
import type { Backend } from "../../runtime/backend.ts";
import { ReferenceBackend } from "../../runtime/backends/reference.ts";
import { backendTest } from "./backends.ts";
import { Bench, type Layout, type Outcome } from "./bench.ts";
import { ATTENTION_CASES } from "./cases/attention.ts";
import type { Case } from "./cases/case.ts";
import { NORM_CASES } from "./cases/norms.ts";
import { PRODUCT_CASES } from "./cases/products.ts";
import { SSM_CASES } from "./cases/ssm.ts";
import { differences } from "./compare.ts";
import { toleranceOf } from "./tolerance.ts";

const LAYOUTS: readonly Layout[] = ["packed", "strided"];

async function outcomes(backend: Backend, each: Case, seed: number, layout: Layout): Promise<Outcome[]> {
  const bench = new Bench(backend, seed, layout);
  each.run(bench);
  return await bench.finish();
}

const CASES = Map.groupBy(
  [...NORM_CASES, ...PRODUCT_CASES, ...SSM_CASES, ...ATTENTION_CASES],
  ({ op }) => op,
);

for (const [op, cases] of CASES) {
  backendTest(`${op} agrees with the reference for every shape`, async (backend, { name, activations }) => {
    const found: string[] = [];
    for (const [seed, each] of cases.entries()) {
      for (const layout of LAYOUTS) {
        const wanted = await outcomes(new ReferenceBackend(activations), each, seed, layout);
        const got = await outcomes(backend, each, seed, layout);
        const lines = differences(got, wanted, toleranceOf(op, each.dtype, name));
        found.push(...lines.map((line) => `${op} on ${name}, ${each.shape}, ${layout}: ${line}`));
      }
    }
    assertEquals(found.length, 0, `${found.length} differences:\n${found.slice(0, 20).join("\n")}`);
  });
}
