/**
 * Builds `wasm/pkg/` from the Rust crate in `wasm/`: `deno task build:wasm [--out DIR]`.
 *
 * wasm/toolchain.sh installs the compiler where it is missing; wasm-pack then builds the crate once per variant.
 * With `--out` the result goes to another folder (CI tests a rebuilt package so without touching the committed one).
 */
import { MANIFEST, manifestLines } from "./wasm_manifest.ts";
import { bytesModule, exportsModule, withoutCustomSections } from "./wasm_package.ts";
import { BASE_FEATURES, buildVariant, installToolchain, type Variant } from "./wasm_variant.ts";

const COMMON = ["simd128", ...BASE_FEATURES];
const RELAXED = [...COMMON, "relaxed-simd"];
const THREADS = "for several threads on a memory that is given to it";

const VARIANTS: readonly Variant[] = [
  { name: "relaxed", features: RELAXED, kind: "st", summary: "that uses relaxed SIMD" },
  { name: "simd128", features: COMMON, kind: "st", summary: "that uses plain 128-bit SIMD" },
  { name: "relaxed_mt", features: RELAXED, kind: "mt", summary: `that uses relaxed SIMD, ${THREADS}` },
  { name: "simd128_mt", features: COMMON, kind: "mt", summary: `that uses plain 128-bit SIMD, ${THREADS}` },
];

const ROOT = new URL("../", import.meta.url);

async function writePackage(work: string, pkg: URL): Promise<void> {
  const declared = await Promise.all(
    VARIANTS.map(({ name }) => Deno.readTextFile(`${work}/${name}/kernels.d.ts`)),
  );
  const [exports, ...others] = declared.map(exportsModule);
  if (others.some((other) => other !== exports)) {
    throw new Error("Cannot write wasm/pkg: its variants export different functions, expected the same ones");
  }
  for (const { name, summary } of VARIANTS) {
    const bytes = withoutCustomSections(await Deno.readFile(`${work}/${name}/kernels_bg.wasm`));
    await Deno.mkdir(new URL(`${name}/`, pkg), { recursive: true });
    await Deno.writeFile(new URL(`${name}/kernels.wasm`, pkg), bytes);
    await Deno.writeTextFile(
      new URL(`${name}.ts`, pkg),
      bytesModule(bytes, `The WebAssembly bytes of the build ${summary}.`),
    );
    console.log(`${name}: ${bytes.length} bytes`);
  }
  await Deno.writeTextFile(new URL("exports.ts", pkg), exports);
  const manifest = new URL(MANIFEST.slice("wasm/pkg/".length), pkg);
  await Deno.writeTextFile(manifest, (await manifestLines(ROOT, pkg)).join("\n") + "\n");
}

async function main(args: string[]): Promise<void> {
  const out = args[0] === "--out" ? args[1] : undefined;
  if (args.length > 0 && !out) {
    console.error("usage: deno task build:wasm [--out DIR]");
    Deno.exit(2);
  }
  const pkg = out ? new URL(`${out}/`, `file://${Deno.cwd()}/`) : new URL("wasm/pkg/", ROOT);
  const kinds = new Set(VARIANTS.map(({ kind }) => kind));
  for (const kind of kinds) await installToolchain(kind);
  const work = await Deno.makeTempDir();
  try {
    for (const variant of VARIANTS) await buildVariant(variant, work);
    await writePackage(work, pkg);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

await main(Deno.args);
