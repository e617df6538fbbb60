/** Checks that no file names a place that exists on one machine only, or a package registry by its host. */
import { projectFiles, projectText, report } from "./project_files.ts";

/** What must not occur -> what it is. Written as patterns that do not match themselves. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w.$}~*\-/])\/(?:work|root|tmp|home\/\w+|Users\/\w+)(?:\/|\b)/, "a path of one machine"],
  [
    /\b(?:jsr[.]io|registry[.]npmjs|npmjs[.]com|pypi[.]org|python[h]osted|static[.]crates|deb[.]debian)/,
    "a registry's host",
  ],
];

const ENDINGS = [
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
  ".txt",
  "run",
];

/** What `text` holds that it must not, a sentence each, with the line's number in front. */
export function findForbidden(text: string): string[] {
  return text.split("\n").flatMap((line, i) =>
    FORBIDDEN.flatMap(([pattern, what]) => {
      const match = line.match(pattern);
      return match ? [`${i + 1}: "${match[0]}" is ${what}`] : [];
    })
  );
}

if (import.meta.main) {
  const problems: string[] = [];
  for (const path of await projectFiles(...ENDINGS)) {
    if (/\/fixtures\/|tokenizer\.json$/.test(path)) continue;
    problems.push(...findForbidden(await projectText(path)).map((problem) => `${path}:${problem}`));
  }
  report(problems);
}
