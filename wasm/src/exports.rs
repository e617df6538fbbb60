//! What JavaScript calls: functions of numbers, where pointers become slices. Every pointer must be one that `allocate`
//! or `matrix_new` returned, moved only inside its allocation; sizes are checked by runtime/checked_backend.ts.
#![allow(unsafe_code)]

mod attention;
mod encoder;
mod matrix;
mod memory;
mod norms;
mod pool;
mod ssm;
