/**
 * Tests import `@std/assert` from JSR. Where JSR does not answer, the small stand-in of tests/assert_stand_in takes its
 * place through an import map made of deno.json's own imports, so that nothing is written twice.
 */
import config from "../deno.json" with { type: "json" };

const STAND_INS: Readonly<Record<string, URL>> = {
  "@std/assert": new URL("../tests/assert_stand_in/mod.ts", import.meta.url),
};

/** What the `deno` commands that load tests need on this machine. */
export interface JsrFallback {
  /** Whether JSR does not answer and its packages are replaced. */
  readonly active: boolean;
  /** Options for `deno test`, `deno check` and `deno info`. */
  readonly options: readonly string[];
}

/** Asks JSR for the packages that the tests import, for at most five seconds, and says in one line when it fails. */
export async function jsrFallback(): Promise<JsrFallback> {
  const imports: Record<string, string> = config.imports;
  const packages = Object.keys(imports).filter((name) => imports[name].startsWith("jsr:"));
  if (await resolves(packages)) return { active: false, options: [] };
  console.log(`JSR does not answer: ${packages.join(", ")} is replaced by a stand-in over node:assert`);
  const map = {
    imports: Object.fromEntries(
      Object.entries(imports).flatMap(([name, specifier]) => entries(name, specifier)),
    ),
  };
  const url = `data:application/json,${encodeURIComponent(JSON.stringify(map))}`;
  return { active: true, options: [`--import-map=${url}`] };
}

/** A package's entry, and one for the modules within it, which Deno adds to what deno.json says. */
function entries(name: string, specifier: string): [string, string][] {
  const own: [string, string] = [name, target(name, specifier)];
  return specifier.startsWith("npm:") ? [own, [`${name}/`, `npm:/${specifier.slice(4)}/`]] : [own];
}

function target(name: string, specifier: string): string {
  if (specifier.startsWith("./")) return new URL(`../${specifier}`, import.meta.url).href;
  if (!specifier.startsWith("jsr:")) return specifier;
  if (STAND_INS[name]) return STAND_INS[name].href;
  throw new Error(
    `Cannot test without JSR: "${name}" has no stand-in, expected one in scripts/jsr_fallback.ts`,
  );
}

async function resolves(packages: readonly string[]): Promise<boolean> {
  const code = packages.map((name) => `import "${name}";`).join("\n");
  const signal = AbortSignal.timeout(5_000);
  const cwd = new URL("../", import.meta.url);
  const args = ["eval", "--no-lock", code];
  const command = new Deno.Command(Deno.execPath(), { args, cwd, signal, stdout: "null", stderr: "null" });
  return (await command.output()).success;
}
