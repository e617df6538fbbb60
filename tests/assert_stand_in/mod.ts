/**
 * The functions of `@std/assert` that our tests use, over node:assert, for where JSR cannot be reached; scripts/test.ts
 * puts it in place of the real one and says so. Where the two could differ it is the stricter: `assertEquals` here tells
 * 0 from -0.
 */
import { AssertionError, deepStrictEqual, match, notDeepStrictEqual } from "node:assert/strict";

// deno-lint-ignore no-explicit-any -- a constructor's parameters are not our business, and only `any` accepts them all
type Constructor<T> = new (...args: any[]) => T;

function check(holds: boolean, message: string, suffix?: string): asserts holds {
  if (!holds) throw new AssertionError({ message: suffix ? `${message}: ${suffix}` : message });
}

/** Asserts that `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  check(Boolean(expr), msg || "Expected a truthy value");
}

/** Asserts that `actual` and `expected` are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  deepStrictEqual(actual, expected, msg);
}

/** Asserts that `actual` and `expected` are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  notDeepStrictEqual(actual, expected, msg);
}

/** Asserts that two numbers differ by at most `tolerance`; by default one part in ten million of `expected`. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const limit = tolerance ?? (isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  check(delta <= limit, `Expected ${actual} to be within ${limit} of ${expected}, it is ${delta} away`, msg);
}

/** Asserts that `actual` is greater than `expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  check(actual > expected, `Expected ${actual} > ${expected}`, msg);
}

/** Asserts that `actual` is less than `expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  check(actual < expected, `Expected ${actual} < ${expected}`, msg);
}

/** Asserts that the text `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  check(
    actual.includes(expected),
    `Expected ${JSON.stringify(actual)} to contain ${JSON.stringify(expected)}`,
    msg,
  );
}

/** Asserts that the text `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  match(actual, expected, msg);
}

/** Asserts that `actual` is an instance of `expectedType`. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: Constructor<T>,
  msg = "",
): asserts actual is T {
  check(actual instanceof expectedType, `Expected an instance of ${expectedType.name}, got ${actual}`, msg);
}

/** Asserts that `error` is an instance of `ErrorClass` whose message contains `msgIncludes`. */
function checkError(error: unknown, ErrorClass?: Constructor<Error>, msgIncludes = "", msg?: string): void {
  if (!ErrorClass) return;
  check(error instanceof Error, `Expected an Error, got ${error}`, msg);
  check(error instanceof ErrorClass, `Expected an error of class ${ErrorClass.name}, got ${error}`, msg);
  check(error.message.includes(msgIncludes), `Expected "${error.message}" to contain "${msgIncludes}"`, msg);
}

/** Asserts that `fn` throws, and what, and returns the error. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: Constructor<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: Constructor<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    if (typeof classOrMsg !== "string") checkError(error, classOrMsg, msgIncludes, msg);
    return error;
  }
  check(false, "Expected the function to throw", typeof classOrMsg === "string" ? classOrMsg : msg);
}

/** Asserts that the promise which `fn` returns rejects, and with what, and returns the error. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: Constructor<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: Constructor<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
    await promise;
  } catch (error) {
    check(promise !== undefined, `Expected the function to reject, but it threw ${error}`, msg);
    if (typeof classOrMsg !== "string") checkError(error, classOrMsg, msgIncludes, msg);
    return error;
  }
  check(false, "Expected the function to reject", typeof classOrMsg === "string" ? classOrMsg : msg);
}

/** Fails. */
export function fail(msg?: string): never {
  check(false, "Failed", msg);
}
