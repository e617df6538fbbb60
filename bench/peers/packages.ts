/** @file npm packages that only measurements need: fetched into Deno's cache, and in no lock file of ours. */

/** The folder of a package with an exact version, fetched where it is not there yet. */
export async function packageFolder(specifier: string): Promise<string> {
  const run = async (...args: string[]): Promise<string> => {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  };
  await run("cache", "--quiet", "--no-lock", `npm:${specifier}`);
  const { npmPackages } = JSON.parse(await run("info", "--json", "--no-lock", `npm:${specifier}`));
  const name = specifier.slice(0, specifier.lastIndexOf("@"));
  const found = Object.values(npmPackages as Record<string, { name: string; localPath: string }>)
    .find((each) => each.name === name);
  if (!found) throw new Error(`Cannot find package ${specifier}: Deno's cache lacks it, expected it there`);
  return found.localPath;
}
