//! The vectors as arrays: the scalar twin that native tests run.

/// Four f32 lanes.
#[derive(Clone, Copy, Debug)]
pub struct F32x4([f32; 4]);

/// Four i32 lanes; comparisons give lanes of all ones or all zeros.
#[derive(Clone, Copy, Debug)]
pub struct I32x4([i32; 4]);

/// Eight 16-bit lanes.
#[derive(Clone, Copy, Debug)]
pub struct I16x8([i16; 8]);

/// Sixteen 8-bit lanes.
#[derive(Clone, Copy, Debug)]
pub struct I8x16([i8; 16]);

fn mask(condition: bool) -> i32 {
    -i32::from(condition)
}

/// Methods computed lane by lane.
macro_rules! lanes {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $kind:ty),*) -> $result:ident = |$($lane:ident),+| $body:expr;)+) => {$(
        $(#[$doc])*
        #[allow(clippy::should_implement_trait)]
        pub fn $name(self, $($argument: $kind),*) -> $result {
            lanes!(@call $result, self, [$($argument)*], |$($lane),+| $body)
        }
    )+};
    (@call $result:ident, $self:ident, [], |$a:ident| $body:expr) => {
        $result($self.0.map(|$a| $body))
    };
    (@call $result:ident, $self:ident, [$argument:ident], |$a:ident, $b:ident| $body:expr) => {
        $result(from_fn(|i| {
            let ($a, $b) = ($self.0[i], $argument.0[i]);
            $body
        }))
    };
}

mod floats;
mod integers;
