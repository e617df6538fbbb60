/** @file Compares a run on a candidate with the run on the reference. */
import type { Outcome } from "./bench.ts";
import type { Tolerance } from "./tolerance.ts";

/** Differences that a message lists at most. */
const MOST_LISTED = 4;

/** What is wrong with the outcomes of a run, one line each; empty when all is well. */
export function differences(
  got: readonly Outcome[],
  wanted: readonly Outcome[],
  limits: Tolerance,
): string[] {
  return got.flatMap((outcome, i) => {
    const where = `${outcome.name} [${outcome.shape.join(", ")}]`;
    const found = [...outcome.trespasses.slice(0, MOST_LISTED), ...compare(outcome, wanted[i], limits)];
    return found.map((text) => `${where} ${text}`);
  });
}

function compare(got: Outcome, wanted: Outcome, limits: Tolerance): string[] {
  const columns = got.shape[got.shape.length - 1];
  const describe = (i: number): string =>
    `at [${Math.floor(i / columns)}, ${i % columns}]: got ${got.values[i]}, wanted ${wanted.values[i]}`;
  const indices = [...got.values.keys()];
  const isSpecial = (value: number): boolean => !Number.isFinite(value);
  const special = indices.filter((i) =>
    (isSpecial(got.values[i]) || isSpecial(wanted.values[i])) && !Object.is(got.values[i], wanted.values[i])
  );
  if (special.length > 0) return special.slice(0, MOST_LISTED).map(describe);
  const finite = indices.filter((i) => !isSpecial(wanted.values[i]));
  const scale = finite.reduce((scale, i) => Math.max(scale, Math.abs(wanted.values[i])), 1e-30);
  const error = (i: number): number => Math.abs(got.values[i] - wanted.values[i]);
  const worst = finite.reduce((worst, i) => error(i) > error(worst) ? i : worst, finite[0] ?? 0);
  const nmse = finite.reduce((sum, i) => sum + error(i) ** 2, 0) /
    finite.reduce((sum, i) => sum + wanted.values[i] ** 2, 1e-60);
  const found: string[] = [];
  if (finite.length > 0 && error(worst) > limits.maxError * scale) {
    found.push(
      `${describe(worst)}; largest error ${error(worst) / scale} of the scale, limit ${limits.maxError}`,
    );
  }
  if (nmse > limits.nmse) found.push(`${describe(worst)}; NMSE ${nmse}, limit ${limits.nmse}`);
  return found;
}
