// Key/value cache whose heads and rows are whole quads, read only.
@group(0) @binding(1) var<storage, read> keys: array<CacheQuad>;
@group(0) @binding(2) var<storage, read> values: array<CacheQuad>;
