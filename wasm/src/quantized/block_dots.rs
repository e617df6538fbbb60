//! A block's products with one row of activations, in one plane or two.

use crate::blocks::WeightBlock;
use crate::dot::{Dot, DotKind};
use crate::layout::QUARTERS;
use crate::quantize_activations::ActivationBlock;
use crate::simd::{I8x16, I32x4};

/// Integer products of a block's thirty-two columns with four quarters' rows; two planes are put together, exactly.
#[inline(always)]
pub fn block_dots<B: WeightBlock, D: Dot, const PLANES: usize>(
    blocks: [&B; QUARTERS],
    x: &[ActivationBlock; PLANES],
    kind: DotKind,
    bias_mask: I32x4,
) -> [I32x4; QUARTERS] {
    let mut dots = x.each_ref().map(|x| {
        let bias = I32x4::splat(x.minus_sum << B::SHIFT) & bias_mask;
        [D::start(bias); QUARTERS]
    });
    if D::PLANES_TOGETHER {
        add_blocks(&mut dots, blocks, x, kind);
    } else {
        for (dots, x) in dots.iter_mut().zip(x) {
            add_blocks(core::array::from_mut(dots), blocks, core::array::from_ref(x), kind);
        }
    }
    core::array::from_fn(|g| {
        let [high, low] = [dots[0][g].finish(), dots[PLANES - 1][g].finish()];
        if PLANES == 1 { low } else { high.shl::<8>() + low }
    })
}

/// Adds a block's products to the sums of each plane: every weight is read once.
#[inline(always)]
fn add_blocks<B: WeightBlock, D: Dot, const PLANES: usize>(
    dots: &mut [[D; QUARTERS]; PLANES],
    blocks: [&B; QUARTERS],
    x: &[ActivationBlock; PLANES],
    kind: DotKind,
) {
    let x = x.each_ref().map(|x| [I8x16::load(&x.quotients[0]), I8x16::load(&x.quotients[1])]);
    add_quads::<B, D, PLANES, 0>(dots, blocks, x, kind);
    add_quads::<B, D, PLANES, 1>(dots, blocks, x, kind);
    add_quads::<B, D, PLANES, 2>(dots, blocks, x, kind);
    add_quads::<B, D, PLANES, 3>(dots, blocks, x, kind);
}

/// Adds the products of columns 4 I to 4 I + 3, and of those 16 further.
#[inline(always)]
fn add_quads<B: WeightBlock, D: Dot, const PLANES: usize, const I: usize>(
    dots: &mut [[D; QUARTERS]; PLANES],
    blocks: [&B; QUARTERS],
    x: [[I8x16; 2]; PLANES],
    kind: DotKind,
) {
    for half in 0..2 {
        let x = x.map(|x| D::quad::<I>(x[half]));
        for g in 0..QUARTERS {
            let weights = blocks[g].quads(I, kind)[half];
            for (dots, &x) in dots.iter_mut().zip(&x) {
                dots[g] = dots[g].add(x, weights);
            }
        }
    }
}
