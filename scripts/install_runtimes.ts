/** @file Installs from npm the runtimes that `deno task test:runtimes` tests, once each: `deno task install:runtimes [names]`. */
import { PACKAGED_RUNTIMES, programOf, runtimeFolder } from "../tests/runtimes/catalogue.ts";

const wanted = Deno.args.length === 0
  ? PACKAGED_RUNTIMES
  : PACKAGED_RUNTIMES.filter(({ name }) => Deno.args.includes(name));
for (const runtime of wanted) {
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
