/** @file How far a model is from the published one on held-out text. */
import type { Model } from "../../mod.ts";

/** The published default model. */
export const CHECKPOINT = new URL("../../models/stories/checkpoint", import.meta.url);

const HELDOUT = new URL("../../tests/fixtures/heldout/", import.meta.url);

interface Stories {
  readonly documents: readonly { readonly ids: readonly number[] }[];
}

/** Sums over positions that have a next token. */
interface Sums {
  loss: number;
  divergence: number;
  agreeing: number;
  positions: number;
}

/** A file of tests/fixtures/heldout. */
export async function readHeldout<T>(name: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(new URL(name, HELDOUT)));
}

/** Log-probabilities of one row of logits, and its best id. */
function logSoftmax(row: Float32Array): { logs: Float64Array; best: number } {
  let best = 0;
  for (let id = 1; id < row.length; id++) if (row[id] > row[best]) best = id;
  let total = 0;
  for (let id = 0; id < row.length; id++) total += Math.exp(row[id] - row[best]);
  const shift = row[best] + Math.log(total);
  return { logs: Float64Array.from(row, (value) => value - shift), best };
}

function addDocument(sums: Sums, ids: readonly number[], logits: Float32Array, exact: Float32Array): void {
  const vocabSize = logits.length / ids.length;
  const row = (all: Float32Array, t: number): Float32Array =>
    all.subarray(t * vocabSize, (t + 1) * vocabSize);
  for (let t = 0; t + 1 < ids.length; t++) {
    const [q, p] = [logSoftmax(row(logits, t)), logSoftmax(row(exact, t))];
    sums.loss -= q.logs[ids[t + 1]];
    for (let id = 0; id < vocabSize; id++) {
      sums.divergence += Math.exp(p.logs[id]) * (p.logs[id] - q.logs[id]);
    }
    sums.agreeing += q.best === p.best ? 1 : 0;
    sums.positions++;
  }
}

/** Cells of a table's row for each of `models`: nats a token, KL to the first one, greedy agreement with it; and the tokens counted. */
export async function compareOnHeldout(
  models: readonly Model[],
  maxDocuments: number,
): Promise<{ readonly cells: string[][]; readonly tokens: number }> {
  const { documents } = await readHeldout<Stories>("stories.json");
  const sums = models.map((): Sums => ({ loss: 0, divergence: 0, agreeing: 0, positions: 0 }));
  for (const { ids } of documents.slice(0, maxDocuments)) {
    const exact = await models[0].logits(ids);
    for (const [i, model] of models.entries()) addDocument(sums[i], ids, await model.logits(ids), exact);
  }
  const cells = sums.map(({ loss, divergence, agreeing, positions }) => [
    (loss / positions).toFixed(5),
    (divergence / positions).toExponential(2),
    percent(agreeing / positions),
  ]);
  return { cells, tokens: sums[0].positions };
}

/** As in "93.50 %". */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
