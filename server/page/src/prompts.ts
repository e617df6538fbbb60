/** @file What a prompt is made of, in the form that the model was trained on. */

/** A text to begin with, and where its continuation ends. */
export interface Prompt {
  readonly text: string;
  /** Left out: nowhere. */
  readonly stop?: string;
}

/** A story's beginning; without one the model begins by itself. */
export function storyPrompt(beginning: string): Prompt {
  const text = beginning.trim();
  return { text: text === "" ? "<|endoftext|>" : text };
}

/** A question about a text. */
export function questionPrompt(text: string, question: string): Prompt {
  const asked = question.trim().replace(/[?.!]*$/, "?");
  return { text: `${text.trim()}\n\nQuestion: ${asked}\nAnswer:`, stop: "\n" };
}
