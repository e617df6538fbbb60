// For few rows: 64 invocations, 4 KiB.
const TILE = 64u;
