/** @file Model sizes to measure: the released Hymba-1.5B and a tiny one that shows whether the bench itself runs. */
import type { HymbaConfig } from "../../runtime/config.ts";
import { planLayers } from "../../runtime/layer_plan.ts";

/** nvidia/Hymba-1.5B-Base. */
export const HYMBA_1_5B: HymbaConfig = {
  vocabSize: 32001,
  hiddenSize: 1600,
  intermediateSize: 5504,
  numHeads: 25,
  numKvHeads: 5,
  headDim: 64,
  vHeadDim: 128,
  dInner: 3200,
  dState: 16,
  dConv: 4,
  dtRank: 100,
  numMetaTokens: 128,
  windowSize: 1024,
  windowRule: "release",
  rmsNormEps: 1e-6,
  tieWordEmbeddings: true,
  maxPositionEmbeddings: 8192,
  inverseFrequencies: Float64Array.from({ length: 32 }, (_, i) => 74534.83031811893 ** (-i / 32)),
  layers: planLayers({
    numLayers: 32,
    globalLayers: [0, 15, 31],
    reuseGroups: [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10], [11, 12], [13, 14], [16, 17, 18], [19, 20], [
      21,
      22,
    ], [23, 24]]
      .concat([[25, 26], [27, 28], [29, 30]]),
    reuseEvery: -1,
  }),
  bosTokenId: 1,
  eosTokenIds: [2],
};

/** Four small layers. */
export const TINY: HymbaConfig = {
  ...HYMBA_1_5B,
  vocabSize: 301,
  hiddenSize: 96,
  intermediateSize: 160,
  numHeads: 6,
  numKvHeads: 2,
  headDim: 16,
  vHeadDim: 32,
  dInner: 192,
  dtRank: 6,
  numMetaTokens: 8,
  windowSize: 64,
  inverseFrequencies: Float64Array.from({ length: 8 }, (_, i) => 1e4 ** (-i / 8)),
  layers: planLayers({ numLayers: 4, globalLayers: [0], reuseGroups: [[1, 2]], reuseEvery: -1 }),
};
