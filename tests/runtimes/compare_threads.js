/** What is to be compared, in any runtime; text of its own, so that a page can be sent it. */
export async function compareThreads(loadModel) {
  const ids = Array.from({ length: 70 }, (_, i) => 3 + i * 7);
  const backends = [];
  const logits = [];
  for (const threads of [1, 2]) {
    const model = await loadModel(undefined, { threads, backend: { kind: "wasm", leastWork: 1000 } });
    backends.push(model.backend);
    logits.push(await model.logits(ids, { steps: [3, 4, 5] }));
    await model[Symbol.asyncDispose]();
  }
  return { backends, isSame: logits[0].every((value, i) => value === logits[1][i]) };
}
