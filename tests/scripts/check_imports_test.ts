import { assertEquals } from "@std/assert";
import { findCycles, findLayerBreaks } from "../../scripts/check_imports.ts";

Deno.test("findCycles finds none in a graph whose branches meet again", () => {
  const diamond = new Map([["top", ["left", "right"]], ["left", ["low"]], ["right", ["low"]], ["low", []]]);
  assertEquals(findCycles(diamond), []);
});

Deno.test("findCycles gives the path of a cycle, however far from the start it lies", () => {
  const graph = new Map([["start", ["a"]], ["a", ["b"]], ["b", ["c", "d"]], ["c", ["a"]], ["d", []]]);
  assertEquals(findCycles(graph), [["a", "b", "c", "a"]]);
  assertEquals(findCycles(new Map([["own", ["own"]]])), [["own", "own"]]);
});

Deno.test("findLayerBreaks names imports that point upwards and lets the others be", () => {
  const graph = new Map([
    ["runtime/model.ts", ["runtime/layer.ts", "cli/main.ts"]],
    ["runtime/layer.ts", ["mod.ts"]],
    ["kernels/sources.ts", ["runtime/layer.ts"]],
    ["cli/main.ts", ["runtime/model.ts", "tests/tolerances.ts"]],
    ["server/handler.ts", ["mod.ts"]],
    ["tests/model_test.ts", ["mod.ts", "runtime/model.ts", "scripts/test.ts"]],
  ]);
  assertEquals(findLayerBreaks(graph), [
    "runtime/model.ts imports cli/main.ts, but imports point downwards",
    "runtime/layer.ts imports mod.ts, but mod.ts is for users of the package",
    "kernels/sources.ts imports runtime/layer.ts, but imports point downwards",
    "cli/main.ts imports tests/tolerances.ts, but what is published needs none of it",
  ]);
});
