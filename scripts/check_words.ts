/** Checks that no file names a place that exists on one machine only, or a package registry by its host. */
import { projectFiles, projectText, report } from "./project_files.ts";

/** What must not occur -> why. Written as patterns that do not match themselves. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w.$}~*-])\/(?:work|root|tmp|home\/\w+|Users\/\w+)(?:\/|\b)/, "a path of one machine"],
  [
    /\b(?:jsr[.]io|registry[.]npmjs|npmjs[.]com|pypi[.]org|pythonhosted|static[.]crates|deb[.]debian)/,
    "a registry's host",
  ],
];

const problems: string[] = [];
const files = await projectFiles(
  ".ts",
  ".rs",
  ".wgsl",
  ".py",
  ".sh",
  ".md",
  ".html",
  ".css",
  ".toml",
  ".json",
  "run",
);
for (const path of files) {
  if (
    path.startsWith("tests/fixtures/") || path.endsWith("tokenizer.json") || path === "scripts/check_words.ts"
  ) continue;
  const lines = (await projectText(path)).split("\n");
  lines.forEach((line, i) => {
    for (const [pattern, what] of FORBIDDEN) {
      const [match] = line.match(pattern) ?? [];
      if (match) problems.push(`${path}:${i + 1}: "${match}" is ${what}`);
    }
  });
}
report(problems);
