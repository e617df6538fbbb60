/**
 * @file exp and power in float64 from additions, multiplications and divisions alone, so that every engine gives the same bits: ECMAScript
 * leaves Math.exp and `**` to the engine. For constants of a model, made once when it is loaded.
 */

/** ln 2 in two parts, of which the first has so few bits that its product with an exponent is exact (as in fdlibm's e_exp.c). */
const LN2_HIGH = 6.93147180369123816490e-01;
const LN2_LOW = 1.90821492927058770002e-10;

/** `2^n` for n in -1022 .. 1023, at n + 1022: each twice the one before, which is exact. */
const POWERS_OF_TWO = new Float64Array(2046);
for (let i = 0, value = 2.2250738585072014e-308; i < 2046; i++, value *= 2) POWERS_OF_TWO[i] = value;

/** `1 / n!`: the terms of exp's series, of which 15 reach float64's last place for `|x| <= ln 2 / 2`. */
const INVERSE_FACTORIALS = new Float64Array(15).fill(1);
for (let n = 2; n < 15; n++) INVERSE_FACTORIALS[n] = INVERSE_FACTORIALS[n - 1] / n;

/** `e^x`, within some units of float64's last place: 0 below -708 and infinite above 709. */
export function exp(x: number): number {
  if (!(x >= -708)) return x < -708 ? 0 : NaN;
  if (x > 709) return Infinity;
  const exponent = Math.round(x / LN2_HIGH);
  const rest = (x - exponent * LN2_HIGH) - exponent * LN2_LOW;
  let sum = 0;
  for (let n = 14; n >= 0; n--) sum = sum * rest + INVERSE_FACTORIALS[n];
  return sum * POWERS_OF_TWO[exponent + 1022];
}

/** `base^exponent` for a positive, finite base. */
export function power(base: number, exponent: number): number {
  return exp(exponent * logarithm(base));
}

/** `ln x = e ln 2 + 2 atanh((m - 1) / (m + 1))`, where x = m 2^e and m lies around 1. */
function logarithm(x: number): number {
  let [m, e] = [x, 0];
  for (; m > Math.SQRT2; m /= 2) e++;
  for (; m < Math.SQRT1_2; m *= 2) e--;
  const s = (m - 1) / (m + 1);
  let series = 0;
  for (let n = 25; n > 0; n -= 2) series = 1 / n + s * s * series;
  return e * LN2_HIGH + (e * LN2_LOW + 2 * s * series);
}
