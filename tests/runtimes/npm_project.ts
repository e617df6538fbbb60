/** @file An empty project that has the npm build of this package installed, and nothing from a registry. */
import { linkPackages, npmPackages } from "../../scripts/npm_packages.ts";

const ROOT = new URL("../../", import.meta.url);

/** A project in a folder of its own. */
export interface NpmProject extends AsyncDisposable {
  readonly folder: string;
  /** Where the package is installed. */
  readonly packageFolder: string;
}

/** Builds the package and installs it, next to the packages of Deno's cache that it needs. */
export async function createNpmProject(): Promise<NpmProject> {
  const folder = await Deno.makeTempDir();
  await linkPackages(await npmPackages(), `${folder}/node_modules`);
  const packageFolder = `${folder}/node_modules/@hymba/runtime`;
  await runToEnd([Deno.execPath(), "task", "--quiet", "build:npm", "--out", packageFolder], { cwd: ROOT });
  await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true, "type": "module" }\n');
  return {
    folder,
    packageFolder,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** What a process of another runtime wrote to standard output; throws with its standard error where it failed. */
export async function runToEnd(
  [program, ...args]: readonly string[],
  options: { readonly cwd: string | URL; readonly env?: Readonly<Record<string, string>> },
): Promise<string> {
  const output = await new Deno.Command(program, { args, ...options, stdin: "null" }).output();
  const decoder = new TextDecoder();
  if (output.success) return decoder.decode(output.stdout);
  throw new Error(`${program} failed with ${output.code}:\n${decoder.decode(output.stderr)}`);
}
