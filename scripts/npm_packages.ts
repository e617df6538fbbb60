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

/** The packages that modules need, and what these need; of the modules of deno.json's exports unless given. */
export async function npmPackages(
  modules: readonly string[] = Object.values(config.exports),
): Promise<readonly NpmPackage[]> {
  const found = await Promise.all(modules.map(packagesOf));
  return [...new Map(found.flat().map((each) => [each.name, each])).values()];
}

async function packagesOf(module: string): Promise<NpmPackage[]> {
  const args = ["info", "--json", "--no-lock", module];
  const cwd = new URL("../", import.meta.url);
  const output = await new Deno.Command(Deno.execPath(), { args, cwd, stderr: "inherit" }).output();
  if (output.success) return Object.values(JSON.parse(new TextDecoder().decode(output.stdout)).npmPackages);
  throw new Error(`Cannot find the packages of ${module}: deno info failed, expected it to succeed`);
}

/** Puts links to `packages` into a folder `node_modules`, in place of those to other versions. */
export async function linkPackages(packages: readonly NpmPackage[], folder: string): Promise<void> {
  for (const { name, localPath } of packages) {
    const link = join(folder, name);
    if (await Deno.readLink(link).catch(() => null) === localPath) continue;
    await Deno.mkdir(dirname(link), { recursive: true });
    const fresh = `${link}.${crypto.randomUUID()}`;
    await Deno.symlink(localPath, fresh);
    await Deno.rename(fresh, link);
  }
}
