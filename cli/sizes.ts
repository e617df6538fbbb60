/** @file Numbers and tables as people read them. */

/** Bytes in decimal units, three digits: `11.3 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** An integer with separators: `10,011,264`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** Rows as lines with aligned columns; a cell that is a number goes to the right, with separators. */
export function formatTable(rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => typeof cell === "number" ? formatCount(cell) : cell));
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from(
    { length: columns },
    (_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)),
  );
  const isNumeric = widths.map((_, i) => rows.some((row) => typeof row[i] === "number"));
  return cells.map((row) =>
    `  ${row.map((cell, i) => isNumeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])).join("  ")}`
      .trimEnd()
  ).join("\n");
}
