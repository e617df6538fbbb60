// Key/value cache whose heads and rows are whole quads, read and written.
@group(0) @binding(1) var<storage, read_write> keys: array<CacheQuad>;
@group(0) @binding(2) var<storage, read_write> values: array<CacheQuad>;
