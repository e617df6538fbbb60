import * as standIn from "./mod.ts";

/** Throws unless `claim` throws an AssertionError. */
function mustFail(claim: () => void): void {
  try {
    claim();
  } catch (error) {
    if (error instanceof Error && error.name === "AssertionError") return;
    throw error;
  }
  throw new Error(`"${claim}" passed, expected it to fail`);
}

Deno.test("assertEquals passes for equal values and fails for different ones", () => {
  standIn.assertEquals({ a: [1, NaN] }, { a: [1, NaN] });
  standIn.assertEquals(Float32Array.of(1, 2), Float32Array.of(1, 2));
  mustFail(() => standIn.assertEquals([1, 2], [1, 3]));
  mustFail(() => standIn.assertEquals(Float32Array.of(1), Float32Array.of(2)));
  mustFail(() => standIn.assertEquals<unknown>({ a: undefined }, {}));
  mustFail(() => standIn.assertEquals<unknown>(Float32Array.of(1), Float64Array.of(1)));
  mustFail(() => standIn.assertNotEquals([1], [1]));
});

Deno.test("assertAlmostEquals compares with the tolerance and fails for NaN", () => {
  standIn.assertAlmostEquals(1, 1 + 1e-8);
  standIn.assertAlmostEquals(1, 1.5, 0.5);
  mustFail(() => standIn.assertAlmostEquals(1, 1 + 1e-6));
  mustFail(() => standIn.assertAlmostEquals(NaN, 1, 10));
});

Deno.test("assertThrows fails for no error, the wrong class and the wrong message", () => {
  const thrower = (): never => {
    throw new RangeError("out of range");
  };
  const error: RangeError = standIn.assertThrows(thrower, RangeError, "of range");
  standIn.assert(error.message === "out of range");
  mustFail(() => standIn.assertThrows(() => {}));
  mustFail(() => standIn.assertThrows(thrower, TypeError));
  mustFail(() => standIn.assertThrows(thrower, RangeError, "in range"));
});

Deno.test("assertRejects fails for a resolved promise, the wrong class and a synchronous throw", async () => {
  const failures: (() => Promise<unknown>)[] = [
    () => standIn.assertRejects(() => Promise.resolve(1)),
    () => standIn.assertRejects(() => Promise.reject(new RangeError("x")), TypeError),
    () =>
      standIn.assertRejects(() => {
        throw new RangeError("x");
      }, RangeError),
  ];
  const error: RangeError = await standIn.assertRejects(
    () => Promise.reject(new RangeError("x")),
    RangeError,
    "x",
  );
  standIn.assertInstanceOf(error, RangeError);
  for (const failure of failures) {
    const outcome = await failure().then(() => "passed", (reason: Error) => reason.name);
    standIn.assertEquals(outcome, "AssertionError");
  }
});

Deno.test("the other assertions fail where they should", () => {
  mustFail(() => standIn.assert(0));
  mustFail(() => standIn.assertGreater(1, 1));
  mustFail(() => standIn.assertLess(1, 1));
  mustFail(() => standIn.assertStringIncludes("abc", "d"));
  mustFail(() => standIn.assertMatch("abc", /d/));
  mustFail(() => standIn.assertInstanceOf({}, Date));
  mustFail(() => standIn.fail());
});
