/** Which packages the gate refuses to publish. */
import { assertEquals } from "@std/assert";
import { findPackageProblems, type PublishedFile } from "../../scripts/check_package.ts";

const SOUND: readonly PublishedFile[] = [
  { path: "deno.json", bytes: 2_000 },
  { path: "mod.ts", bytes: 2_000 },
  { path: "runtime/formats/gguf.ts", bytes: 8_000 },
  { path: "wasm/pkg/relaxed.ts", bytes: 170_000 },
  { path: "models/stories/stories_0.wasm", bytes: 4_000_000 },
];
const PROJECT = new Set(SOUND.map(({ path }) => path));

function problemsWith(file: PublishedFile, project = [...PROJECT, file.path]): string[] {
  return findPackageProblems([...SOUND, file], new Set(project));
}

Deno.test("findPackageProblems accepts sources, weights and what every package has", () => {
  assertEquals(findPackageProblems(SOUND, PROJECT), []);
});

Deno.test("findPackageProblems refuses what users do not need", () => {
  for (
    const path of ["tests/model/config_test.ts", "models/stories/checkpoint/config.json", "wasm/src/lib.rs"]
  ) {
    assertEquals(problemsWith({ path, bytes: 10 }), [`${path} would be published, expected not to`]);
  }
});

Deno.test("findPackageProblems refuses a file that git ignores, and files and packages that are too large", () => {
  const path = "runtime/left_over.ts";
  assertEquals(problemsWith({ path, bytes: 10 }, [...PROJECT]), [
    `${path} would be published, but git ignores it`,
  ]);
  assertEquals(problemsWith({ path, bytes: 4_000_001 }), [
    `${path} has 4000001 bytes, expected at most 4000000`,
  ]);
  const parts = [1, 2, 3, 4].map((i) => ({ path: `models/stories/stories_${i}.wasm`, bytes: 4_000_000 }));
  assertEquals(
    findPackageProblems([...SOUND, ...parts], new Set([...PROJECT, ...parts.map(({ path }) => path)])),
    ["The package has 20182000 bytes, expected at most 20000000"],
  );
});
