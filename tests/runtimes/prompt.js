// What every runtime is asked: its greedy answer has no near ties, so rounding that differs between engines cannot change it.
export const PROMPT =
  "Ben had a red ball. He was hiding under a bush. Chloe had a pink cart. She was hiding in the " +
  "laundry basket. Then it was time for a break.\n\nQuestion: What color was Ben's ball?\nAnswer: red\nQuestion: Where";
export const OPTIONS = { temperature: 0, maxTokens: 26, logprobs: 2 };
