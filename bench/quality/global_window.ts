/**
 * @file What `globalWindow` costs in quality, on held-out text: loss by distance from the beginning on stories one after the other, and
 * answers to questions whose story is out of the window's reach. `deno task bench:window [ROWS]` prints the table of docs/sessions.md.
 */
import { loadModel, type Model, type Session } from "../../mod.ts";
import { storyIds } from "../sessions/models.ts";

/** Rows of the table; undefined: the global layers see everything. */
const WINDOWS = [undefined, 1024, 512, 256, 128, 64];
/** Targets of a row of text: what the default model was trained on. */
const ROW = 2048;
/** Where "late" begins. */
const LATE = 512;

const QUESTIONS = new URL("../../tests/fixtures/heldout/questions.json", import.meta.url);

interface Question {
  readonly prompt: string;
  readonly answer: string;
}

interface Losses {
  readonly all: number;
  readonly late: number;
}

/** Negative log-likelihood of an id. */
function lossOf(logits: Float32Array, id: number): number {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = logits.reduce((sum, value) => sum + Math.exp(value - highest), 0);
  return highest + Math.log(total) - logits[id];
}

/** Nats per target over rows of text, and over the later part of each. */
async function losses(
  model: Model,
  globalWindow: number | undefined,
  rows: readonly number[][],
): Promise<Losses> {
  const { vocabSize } = model.config;
  let [all, late] = [0, 0];
  for (const row of rows) {
    const logits = await model.logits(row.slice(0, ROW), { globalWindow });
    for (let t = 0; t < ROW; t++) {
      const loss = lossOf(logits.subarray(t * vocabSize, (t + 1) * vocabSize), row[t + 1]);
      all += loss;
      if (t >= LATE) late += loss;
    }
  }
  return { all: all / rows.length / ROW, late: late / rows.length / (ROW - LATE) };
}

/** Share of questions answered right; `between` stands between a story and its question. */
async function rightShare(
  model: Model,
  globalWindow: number | undefined,
  questions: readonly Question[],
  between: string,
): Promise<number> {
  let right = 0;
  for (const { prompt, answer } of questions) {
    const at = prompt.lastIndexOf("\n\nQuestion:");
    await using session = await model.createSession({ globalWindow });
    await session.append(prompt.slice(0, at) + between + prompt.slice(at));
    right += await answerOf(session) === answer ? 1 : 0;
  }
  return right / questions.length;
}

async function answerOf(session: Session): Promise<string> {
  const tokens = session.generate({ temperature: 0, maxTokens: 24, stop: "\n" });
  return (await Array.fromAsync(tokens, ({ text }) => text)).join("");
}

/** Prints the table. */
export async function main(maxRows = Infinity): Promise<void> {
  const ids = await storyIds();
  const rows = Array.from(
    { length: Math.floor((ids.length - 1) / ROW) },
    (_, i) => ids.slice(i * ROW, (i + 1) * ROW + 1),
  )
    .slice(0, maxRows);
  const { items } = JSON.parse(await Deno.readTextFile(QUESTIONS)) as { items: Question[] };
  await using model = await loadModel(undefined, { backend: "wasm" });
  const between = "\n\nQuestion: Was it a long story?\nAnswer: no".repeat(7);
  console.log(
    "| globalWindow | nats/token | after 512 tokens | questions right | questions right, 98 tokens later |",
  );
  console.log("| --- | --- | --- | --- | --- |");
  for (const window of WINDOWS) {
    const { all, late } = await losses(model, window, rows);
    const [near, far] = [
      await rightShare(model, window, items, ""),
      await rightShare(model, window, items, between),
    ];
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    console.log(
      `| ${window ?? "none"} | ${all.toFixed(4)} | ${late.toFixed(4)} | ${percent(near)} | ${percent(far)} |`,
    );
  }
}

if (import.meta.main) await main(Deno.args[0] === undefined ? undefined : Number(Deno.args[0]));
