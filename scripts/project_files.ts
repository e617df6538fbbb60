/** The files that belong to the project: what git tracks, and what it would track. */

const ROOT = new URL("../", import.meta.url);

/** The project's files whose path ends in one of `endings`, from the repository's root, sorted. */
export async function projectFiles(...endings: string[]): Promise<string[]> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const output = await new Deno.Command("git", { args, cwd: ROOT }).output();
  if (!output.success) {
    throw new Error("Cannot list the project's files: git ls-files failed, expected a git checkout");
  }
  const paths = new TextDecoder().decode(output.stdout).split("\0").filter((path) => path !== "");
  const present = await Promise.all(
    paths.map((path) => Deno.stat(new URL(path, ROOT)).then(() => true, () => false)),
  );
  return paths.filter((path, i) => present[i] && endings.some((ending) => path.endsWith(ending))).sort();
}

/** The text of the project's file `path`. */
export async function projectText(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

/** Prints `problems` and ends the process: with 1 when there are any. */
export function report(problems: readonly string[]): never {
  for (const problem of problems) console.error(problem);
  Deno.exit(problems.length > 0 ? 1 : 0);
}
