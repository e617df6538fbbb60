/** @file Numbers as the page writes them: with spaces at which lines do not break. */

/** Between a number and its unit. */
const SPACE = "\u00a0";

/** "96 KB", "1.9 MB": bytes in powers of 1000, three digits at most. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)}${SPACE}B`;
  const [unit, value] = bytes < 999_500 ? ["KB", bytes / 1e3] : ["MB", bytes / 1e6];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}${SPACE}${unit}`;
}

/** "31 %"; a share that is not nothing never reads "0 %". */
export function formatShare(share: number): string {
  const percent = Math.round(100 * share);
  return percent === 0 && share > 0 ? `<1${SPACE}%` : `${percent}${SPACE}%`;
}

/** "1 token", "2 tokens". */
export function formatTokens(count: number): string {
  return count === 1 ? `1${SPACE}token` : `${count}${SPACE}tokens`;
}

/** "182 tokens/s"; slow ones with a decimal. */
export function formatRate(tokensPerSecond: number): string {
  return `${tokensPerSecond.toFixed(tokensPerSecond < 9.95 ? 1 : 0)}${SPACE}tokens/s`;
}
