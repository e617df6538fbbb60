// For many rows: 256 invocations, 16 KiB.
const TILE = 128u;
