/** Ids that a store has to keep apart, and ones that it has to refuse. */

/** Ids that mean something to a file system, a database or JavaScript, or look alike. */
export const HOSTILE_IDS: readonly string[] = [
  ..."../../../escaped|..|.|/etc/passwd|a/b|a\\b|CON|nul.txt|A|a|%2e%2e|x.session|x.part|00.lock| |\n|*?<>|"
    .split("|"),
  ...[
    "a\0b",
    "\u00e9",
    "e\u0301",
    "\u{1f600}".repeat(128),
    "x".repeat(512),
    "manifest",
    "__proto__",
    "constructor",
  ],
].filter((id) => id !== "");

/** No ids. */
export const REFUSED_IDS: readonly unknown[] = [
  "",
  "x".repeat(513),
  "\u00e9".repeat(257),
  "\ud800",
  "a\udc00",
  null,
  7,
  undefined,
];
