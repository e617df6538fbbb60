import { assertEquals } from "@std/assert";
import { findForbidden } from "../../scripts/check_words.ts";

Deno.test("findForbidden finds paths of one machine and registries, with their lines", () => {
  // Put together here, or this file would be found itself.
  const [root, work] = ["root", "work"].map((name) => `/${name}`);
  const registry = ["https://jsr", "io/@std/assert"].join(".");
  assertEquals(findForbidden(`fine\nopen("${root}/x")\n${registry}\ncd ${work}`), [
    `2: "${root}/" is a path of one machine`,
    `3: "jsr.${"io"}" is a registry's host`,
    `4: "${work}" is a path of one machine`,
  ]);
});

Deno.test("findForbidden lets relative paths, variables and other hosts be", () => {
  const fine = [
    "./tmp/x",
    "$HOME/work",
    "${DIR}/tmp",
    "a/root/b",
    "https://example.com/work/",
    "jsr:@std/assert",
    "1/work",
  ];
  assertEquals(findForbidden(fine.join("\n")), []);
});
