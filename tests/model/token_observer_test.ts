/** What an observer reports of the attention and of the branches, against numbers worked out by hand and against the kernels. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { loadModel, TokenObserver } from "../../mod.ts";
import type { KvCache } from "../../runtime/backend.ts";
import { ReferenceBackend } from "../../runtime/backends/reference.ts";
import { slotOf, visibleSlots } from "../../runtime/kv_cache.ts";
import type { Branches, Network, Span } from "../../runtime/network.ts";
import { rows, type Tensor } from "../../runtime/tensor.ts";
import { attentionWeights } from "../../runtime/token_observer.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);

/** A matrix on the reference backend. */
function matrix(backend: ReferenceBackend, values: readonly (readonly number[])[]): Tensor {
  const tensor = backend.allocate([values.length, values[0].length], "f32");
  backend.restore(tensor, new Uint8Array(Float64Array.from(values.flat()).buffer));
  return tensor;
}

Deno.test("TokenObserver.next reports the shares and norms that follow from known queries and keys", async () => {
  const backend = new ReferenceBackend();
  // Two heads share keys of two dimensions. Each query picks one, scaled so that the score is the key's logarithm: the
  // attention paid to a key is then proportional to the number itself.
  const numbers = [[1, 4], [2, 3], [3, 2], [4, 1]];
  const keys = numbers.map((pair) => pair.map(Math.log));
  const scale = Math.SQRT2;
  const growing: KvCache = {
    keys: matrix(backend, keys),
    values: matrix(backend, keys),
    numMetaTokens: 1,
    ringSize: null,
  };
  const ring: KvCache = { ...growing, keys: matrix(backend, [keys[0], keys[3], keys[2]]), ringSize: 2 };
  const net = {
    backend,
    config: {
      ...{ numHeads: 2, numKvHeads: 1, headDim: 2, windowSize: 2, numMetaTokens: 1 },
      layers: [{ attention: "global", kvOwner: 0 }, { attention: "window", kvOwner: 1 }],
    },
  } as unknown as Network;
  const state = { position: 2, caches: [growing, ring], layout: { globalWindow: null } };
  const span = { state, start: 1, length: 2, lookback: 1 } as unknown as Span;
  const branches: Branches = {
    spans: [span],
    queries: matrix(backend, [[9, 9, 9, 9], [9, 9, 9, 9], [scale, 0, 0, scale]]),
    attention: matrix(backend, [[9, 9], [9, 9], [3, 4]]),
    ssm: matrix(backend, [[9, 9], [9, 9], [-5, 12]]),
  };
  // The ring holds positions 1 and 2 in turn: position 3 took the slot of position 1.
  assertEquals([0, 2, 3].map((position) => slotOf(ring, position)), [0, 2, 1]);

  const observer = new TokenObserver();
  const observed = observer.next();
  observer.onBranches(net, 0, branches);
  observer.onBranches(net, 1, branches);
  const { position, layers: [global, window] } = await observed;

  assertEquals(position, 3);
  // Global: of 10, the heads pay 1 and 4 to the meta token, 2 and 3 to the context, 3 + 4 and 2 + 1 to the window.
  assertAlmostEquals(global.metaShare, (1 + 4) / 20, 1e-6);
  assertAlmostEquals(global.contextShare, (2 + 3) / 20, 1e-6);
  assertAlmostEquals(global.windowShare, (7 + 3) / 20, 1e-6);
  // Window: position 1 is out of sight, so 8 and 7 are shared out.
  assertAlmostEquals(window.metaShare, (1 / 8 + 4 / 7) / 2, 1e-6);
  assertAlmostEquals(window.windowShare, (7 / 8 + 3 / 7) / 2, 1e-6);
  assertEquals(window.contextShare, 0);
  for (const layer of [global, window]) {
    assertEquals(layer.attentionNorm, 5);
    assertEquals(layer.ssmNorm, 13);
  }
});

/** Recomputes each layer's attention from the weights, the cached values and nothing else. */
class Recomputing extends TokenObserver {
  readonly differences: Promise<number>[] = [];

  override onBranches(net: Network, layer: number, branches: Branches): void {
    super.onBranches(net, layer, branches);
    for (const span of branches.spans) this.differences.push(this.#difference(net, layer, branches, span));
  }

  async #difference(net: Network, layer: number, branches: Branches, span: Span): Promise<number> {
    const { backend, config } = net;
    const { numHeads, numKvHeads, vHeadDim, layers } = config;
    const cache = span.state.caches[layer];
    const row = span.start + span.length - 1;
    const lookback = layers[layer].attention === "window" ? span.lookback : null;
    const slots = visibleSlots(cache, span.state.position + span.length - 1, lookback);
    const [query, out, keys, values] = await Promise.all([
      backend.read(rows(branches.queries, row, 1)),
      backend.read(rows(branches.attention, row, 1)),
      Promise.all(slots.map((slot) => backend.read(rows(cache.keys, slot, 1)))),
      Promise.all(slots.map((slot) => backend.read(rows(cache.values, slot, 1)))),
    ]);
    const weights = attentionWeights(config, query, keys);
    return Math.max(...out.map((got, i) => {
      const head = Math.floor(i / vHeadDim);
      const column = Math.floor(head * numKvHeads / numHeads) * vHeadDim + i % vHeadDim;
      return Math.abs(got - values.reduce((sum, value, j) => sum + weights[head][j] * value[column], 0));
    }));
  }
}

for (const name of ["tiny-pair", "tiny-triple"]) {
  for (const backend of ["reference", "wasm"] as const) {
    Deno.test(`TokenObserver.next sees what the attention op computes with, ${name}, ${backend}`, async () => {
      const observer = new Recomputing();
      await using model = await loadModel(new URL(name, FIXTURES), { backend, observer, chunkSize: 8 });
      const { numMetaTokens, layers } = model.config;
      await using session = await model.createSession();
      for (const [passed, ids] of [[8, [...Array(8).keys()]], [11, [5, 4, 3]], [12, [7]]] as const) {
        const observed = observer.next();
        await session.append(ids);
        const observation = await observed;
        assertEquals(observation.position, numMetaTokens + passed - 1);
        assertEquals(observation.layers.length, layers.length);
        observation.layers.forEach(({ metaShare, windowShare, contextShare, attentionNorm, ssmNorm }, i) => {
          assertAlmostEquals(metaShare + windowShare + contextShare, 1, 1e-6);
          const seesFar = layers[i].attention === "global" && passed > model.config.windowSize;
          assertEquals(contextShare > 0, seesFar, `layer ${i} after ${passed} tokens`);
          assert(attentionNorm > 0 && ssmNorm > 0);
        });
      }
      const differences = await Promise.all(observer.differences);
      assert(Math.max(...differences) < 1e-5, String(Math.max(...differences)));
    });
  }
}

Deno.test("TokenObserver changes no logit, asked or not", async () => {
  const observer = new TokenObserver();
  await using plain = await loadModel(new URL("tiny-pair", FIXTURES));
  await using observed = await loadModel(new URL("tiny-pair", FIXTURES), { observer });
  const ids = [...Array(20).keys()];
  const expected = await plain.logits(ids);
  assertEquals(await observed.logits(ids), expected);
  const next = observer.next();
  assertEquals(await observed.logits(ids), expected);
  await next;
});
