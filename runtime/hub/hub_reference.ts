/** @file Names of models on the hub. */

/** `ORG/NAME[/FILE.gguf][@REVISION]`, taken apart. */
export interface HubReference {
  /** `ORG/NAME`. */
  readonly repo: string;
  /** A packed file of it; null: the published layout. */
  readonly file: string | null;
  /** Branch, tag or commit. */
  readonly revision: string;
}

const NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,95}";
const REFERENCE = new RegExp(
  `^(?<repo>${NAME}/${NAME})(?:/(?<file>(?:${NAME}/)*${NAME}\\.[Gg][Gg][Uu][Ff]))?(?:@(?<revision>${NAME}(?:/${NAME})*))?$`,
);

/** What a name means on the hub; null where it is none. Whether it is a folder's name instead is for the caller to see. */
export function parseHubReference(name: string): HubReference | null {
  const { repo, file, revision } = REFERENCE.exec(name)?.groups ?? {};
  if (repo === undefined || repo.endsWith(".gguf") || /\.\.|--/.test(repo)) return null; // the hub allows no such names
  return { repo, file: file ?? null, revision: revision ?? "main" };
}
