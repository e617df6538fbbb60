/** @file Installs from npm the runtimes that `deno task test:runtimes` tests, once each: `deno task install:runtimes`. */
import { PACKAGED_RUNTIMES, programOf, runtimeFolder } from "../tests/runtimes/catalogue.ts";

for (const runtime of PACKAGED_RUNTIMES) {
  const folder = runtimeFolder(runtime);
  if (await Deno.stat(programOf(runtime.name)).then(() => true, () => false)) continue;
  console.log(`installing ${runtime.package}`);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true, "type": "module" }\n');
  const args = ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, runtime.package];
  const { success } = await new Deno.Command("npm", { args, cwd: folder }).output();
  if (!success) console.error(`npm could not install ${runtime.package}`);
  if (!success) Deno.exitCode = 1;
}
