/** The engine behind the page, without a page: columns that take turns. */
import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { loadModel, type Model, TokenObserver } from "../../mod.ts";
import { PageEngine } from "../../server/page/src/engine.ts";
import type {
  ColumnEvent,
  ColumnId,
  RunRequest,
  Settings,
  WorkerEvent,
} from "../../server/page/src/messages.ts";

const GREEDY: Settings = { pace: null, temperature: 0, topP: 1, topK: 0, maxTokens: 12, seed: 0 };
const PROMPT = "Once upon a time";

type Kind = ColumnEvent["kind"];
type Of<K extends Kind> = Extract<ColumnEvent, { kind: K }>;

/** An engine, and all that it told. */
class Recorder {
  readonly engine: PageEngine;
  readonly #events: (Extract<WorkerEvent, { kind: "column" }>)[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(model: Model, observer: TokenObserver) {
    this.engine = new PageEngine(model, observer, (event) => {
      assert(event.kind === "column");
      this.#events.push(event);
      this.#waiting.splice(0).forEach((resume) => resume());
    });
  }

  /** Events of a run, in order. */
  of<K extends Kind>(run: number, kind: K): Of<K>[] {
    return this.#events.filter((each) => each.run === run).map(({ event }) => event)
      .filter((event): event is Of<K> => event.kind === kind);
  }

  /** The runs that the events of a kind belong to, in order. */
  runs(kind: Kind): number[] {
    return this.#events.filter(({ event }) => event.kind === kind).map(({ run }) => run);
  }

  text(run: number): string {
    return this.of(run, "text").map(({ text }) => text).join("");
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async ended(run: number): Promise<Of<"ended">["summary"]> {
    await this.until(() => this.of(run, "ended").length > 0);
    return this.of(run, "ended")[0].summary;
  }
}

function request(column: ColumnId, run: number, settings: Partial<Settings> = {}): RunRequest {
  return { column, run, settings: { ...GREEDY, ...settings } };
}

const observer = new TokenObserver();
const model = await loadModel(undefined, { backend: "wasm", observer });

async function generated(maxTokens: number, prompt = PROMPT): Promise<string> {
  const tokens = model.generate(prompt, { temperature: 0, maxTokens });
  return (await Array.fromAsync(tokens, ({ text }) => text)).join("");
}

Deno.test("PageEngine.write tells the model's own text, and pictures whose shares sum to 1", async () => {
  const recorder = new Recorder(model, observer);
  await recorder.engine.write(request("a", 1), PROMPT);
  assertEquals((await recorder.ended(1)).finishReason, "length");
  assertEquals(recorder.text(1), await generated(12));
  const [{ tokens, layers }] = recorder.of(1, "layers");
  assertEquals(tokens, model.encode(PROMPT).length);
  assertEquals(layers.length, model.config.layers.length);
  for (const { metaShare, windowShare, contextShare, kvCache, ssmState } of layers) {
    assertAlmostEquals(metaShare + windowShare + contextShare, 1, 1e-6);
    assert(kvCache >= 0 && ssmState > 0);
  }
  await recorder.engine.close("a");
});

Deno.test("PageEngine.continue goes on where the text ended", async () => {
  const recorder = new Recorder(model, observer);
  await recorder.engine.write(request("a", 1), PROMPT);
  await recorder.ended(1);
  recorder.engine.continue(request("a", 2));
  await recorder.ended(2);
  assertEquals(recorder.text(1) + recorder.text(2), await generated(24));
  await recorder.engine.close("a");
});

Deno.test("PageEngine.stop ends a text between two tokens", async () => {
  const recorder = new Recorder(model, observer);
  await recorder.engine.write(request("a", 1, { maxTokens: 1000, pace: 200 }), PROMPT);
  await recorder.until(() => recorder.of(1, "text").length >= 3);
  recorder.engine.stop("a");
  const { finishReason, generatedTokens } = await recorder.ended(1);
  assertEquals(finishReason, "abort");
  assertEquals(recorder.of(1, "text").length, generatedTokens);
  await recorder.engine.close("a");
});

Deno.test("PageEngine.fork copies a text as it was after any of its tokens, and both go on in turn", async () => {
  const recorder = new Recorder(model, observer);
  await recorder.engine.write(request("a", 1), PROMPT);
  await recorder.ended(1);
  for (const keep of [12, 5]) {
    await recorder.engine.fork(request("b", 100 + keep), "a", keep);
    await recorder.ended(100 + keep);
    assertEquals(await generated(keep) + recorder.text(100 + keep), await generated(keep + 12));
  }
  recorder.engine.continue(request("a", 2, { temperature: 1, seed: 1, maxTokens: 20 }));
  await recorder.engine.fork(request("b", 3, { temperature: 1, seed: 2, maxTokens: 20 }), "a", 12);
  await Promise.all([recorder.ended(2), recorder.ended(3)]);
  assertNotEquals(recorder.text(2), recorder.text(3));
  const turns = recorder.runs("text").filter((run) => run === 2 || run === 3);
  const both = turns.slice(turns.indexOf(3), turns.lastIndexOf(2) + 1);
  assert(both.length >= 20, "both run for a while");
  assert(both.every((run, i) => i === 0 || run !== both[i - 1]), "they take turns");
  await recorder.engine.close("a");
  await recorder.engine.close("b");
});

Deno.test("PageEngine.write in place of a text that runs ends it without a word", async () => {
  const recorder = new Recorder(model, observer);
  await recorder.engine.write(request("a", 1, { maxTokens: 1000 }), PROMPT);
  await recorder.until(() => recorder.of(1, "text").length >= 2);
  await recorder.engine.write(request("a", 2), "In a little house");
  await recorder.ended(2);
  assertEquals(recorder.text(2), await generated(12, "In a little house"));
  assertEquals(recorder.of(1, "failed"), []);
  await recorder.engine.close("a");
});

Deno.test("PageEngine tells of a setting that cannot be used", async () => {
  const recorder = new Recorder(model, observer);
  await recorder.engine.write(request("a", 1, { topP: 7 }), PROMPT);
  await recorder.until(() => recorder.of(1, "failed").length > 0);
  const [{ message, remedy }] = recorder.of(1, "failed");
  assert(message.includes("topP") && remedy.length > 0);
  await recorder.engine.close("a");
});
