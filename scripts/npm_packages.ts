/** @file The npm packages that the published modules import, as Deno has them in its cache. */
import { dirname, join } from "node:path";
import config from "../deno.json" with { type: "json" };

/** A package in Deno's cache. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** Its folder. */
  readonly localPath: string;
}

/** The packages that the modules of deno.json's exports need, and what these need. */
export async function npmPackages(): Promise<readonly NpmPackage[]> {
  const found = await Promise.all(Object.values(config.exports).map(packagesOf));
  return [...new Map(found.flat().map((each) => [each.name, each])).values()];
}

async function packagesOf(module: string): Promise<NpmPackage[]> {
  const args = ["info", "--json", "--no-lock", module];
  const cwd = new URL("../", import.meta.url);
  const output = await new Deno.Command(Deno.execPath(), { args, cwd, stderr: "inherit" }).output();
  if (output.success) return Object.values(JSON.parse(new TextDecoder().decode(output.stdout)).npmPackages);
  throw new Error(`Cannot find the packages of ${module}: deno info failed, expected it to succeed`);
}

/** Makes a folder `node_modules` of links to `packages`; whoever asked for it removes its parent. */
export async function linkPackages(packages: readonly NpmPackage[]): Promise<string> {
  const folder = join(await Deno.makeTempDir(), "node_modules");
  for (const { name, localPath } of packages) {
    await Deno.mkdir(dirname(join(folder, name)), { recursive: true });
    await Deno.symlink(localPath, join(folder, name));
  }
  return folder;
}
