//! How `a * b + c` is rounded: once where the engine has an instruction for that and may use it, or twice, everywhere alike.
//!
//! Kernels in which it costs time are written for either; what else multiplies and adds rounds twice. A module starts with
//! one rounding allowed; [`set_deterministic`] ends that, and from then on every build on every machine gives the same bits.
use core::sync::atomic::{AtomicBool, Ordering};

use crate::simd::{F32x4, HAS_FUSED};

static IS_DETERMINISTIC: AtomicBool = AtomicBool::new(false);

/// A way to round `a * b + c`.
pub trait Rounding {
    /// `a * b + c`.
    fn mul_add(a: F32x4, b: F32x4, c: F32x4) -> F32x4;
}

/// Once or twice, as the engine likes.
pub struct Fused;

/// The product, then the sum.
pub struct Twice;

impl Rounding for Fused {
    #[inline(always)]
    fn mul_add(a: F32x4, b: F32x4, c: F32x4) -> F32x4 {
        a.mul_add(b, c)
    }
}

impl Rounding for Twice {
    #[inline(always)]
    fn mul_add(a: F32x4, b: F32x4, c: F32x4) -> F32x4 {
        a * b + c
    }
}

/// Whether every kernel is to round twice from now on.
pub fn set_deterministic(is_deterministic: bool) {
    IS_DETERMINISTIC.store(is_deterministic, Ordering::Relaxed);
}

/// Whether kernels may use [`Fused`]; where it is no different, the other code need not exist twice.
#[inline(always)]
pub fn may_fuse() -> bool {
    HAS_FUSED && !IS_DETERMINISTIC.load(Ordering::Relaxed)
}

/// Calls a function with the rounding of now as its first generic argument.
#[macro_export]
macro_rules! with_rounding {
    ($function:ident $(::<$($generic:ty),+>)? ($($argument:expr),* $(,)?)) => {
        if $crate::rounding::may_fuse() {
            $function::<$crate::rounding::Fused $(, $($generic),+)?>($($argument),*)
        } else {
            $function::<$crate::rounding::Twice $(, $($generic),+)?>($($argument),*)
        }
    };
}
