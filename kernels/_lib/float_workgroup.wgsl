// The number of invocations that share a row of a weight which is not quantised.
override WORKGROUP_SIZE: u32 = 128;
