/** @file Untrusted text in messages. */

const MAX_LENGTH = 80;

/** A value from a file as JSON, shortened, so that a damaged file cannot fill a message. */
export function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}... (${text.length} characters)`;
}
