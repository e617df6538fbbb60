//! A block's products with one row of activations, in one plane or two.

use crate::blocks::WeightBlock;
use crate::dot::{Dot, DotKind};
use crate::layout::QUARTERS;
use crate::quantize_activations::ActivationBlock;
use crate::simd::{I8x16, I32x4};

/// Integer products of a block's thirty-two columns with four quarters' rows; two planes are put together, exactly. `steps` is
/// 4, but out of the compiler's sight.
#[inline(always)]
pub fn block_dots<B: WeightBlock, D: Dot, const PLANES: usize>(
    blocks: [&B; QUARTERS],
    x: &[ActivationBlock; PLANES],
    kind: DotKind,
    bias_mask: I32x4,
    steps: usize,
) -> [I32x4; QUARTERS] {
    let mut dots = x.each_ref().map(|x| {
        let bias = I32x4::splat(x.minus_sum << B::SHIFT) & bias_mask;
        [D::start(bias); QUARTERS]
    });
    if D::PLANES_TOGETHER {
        add_by_steps(&mut dots, blocks, x, kind, steps);
    } else {
        for (dots, x) in dots.iter_mut().zip(x) {
            let x = [I8x16::load(&x.quotients[0]), I8x16::load(&x.quotients[1])];
            add_quads::<B, D, 0>(dots, blocks, x, kind);
            add_quads::<B, D, 1>(dots, blocks, x, kind);
            add_quads::<B, D, 2>(dots, blocks, x, kind);
            add_quads::<B, D, 3>(dots, blocks, x, kind);
        }
    }
    core::array::from_fn(|g| {
        let [high, low] = [dots[0][g].finish(), dots[PLANES - 1][g].finish()];
        if PLANES == 1 { low } else { high.shl::<8>() + low }
    })
}

/// Adds a block's products to the sums of each plane: every weight is read once. Loops, because the compiler would unroll them
/// and finish one quarter's sum after the other, with more operands in flight than there are registers.
#[inline(always)]
fn add_by_steps<B: WeightBlock, D: Dot, const PLANES: usize>(
    dots: &mut [[D; QUARTERS]; PLANES],
    blocks: [&B; QUARTERS],
    x: &[ActivationBlock; PLANES],
    kind: DotKind,
    steps: usize,
) {
    if PLANES == 1 {
        for step in (0..2).take(steps) {
            let [a, b, c, d] = quads_of::<D>(&x[0].by_steps[step]);
            add_both_halves(dots, blocks, 2 * step, [[a, b]; PLANES], kind);
            add_both_halves(dots, blocks, 2 * step + 1, [[c, d]; PLANES], kind);
        }
    } else {
        for step in (0..4).take(steps) {
            let [a, b, c, d] = quads_of::<D>(&x[step / 2].by_steps[step % 2]);
            let quads = core::array::from_fn(|plane| [[a, b], [c, d]][plane]);
            add_both_halves(dots, blocks, step, quads, kind);
        }
    }
}

#[inline(always)]
fn quads_of<D: Dot>(activations: &[i8; 16]) -> [D::Quad; 4] {
    let x = I8x16::load(activations);
    [D::quad::<0>(x), D::quad::<1>(x), D::quad::<2>(x), D::quad::<3>(x)]
}

/// Adds the products of the columns of `WeightBlock::quads(i)` to the sums of each plane.
#[inline(always)]
fn add_both_halves<B: WeightBlock, D: Dot, const PLANES: usize>(
    dots: &mut [[D; QUARTERS]; PLANES],
    blocks: [&B; QUARTERS],
    i: usize,
    x: [[D::Quad; 2]; PLANES],
    kind: DotKind,
) {
    for (g, block) in blocks.into_iter().enumerate() {
        let weights = block.quads(i, kind);
        for (dots, x) in dots.iter_mut().zip(x) {
            dots[g] = dots[g].add(x[0], weights[0]).add(x[1], weights[1]);
        }
    }
}

/// Adds the products of the columns of `WeightBlock::quads(I)` to the sums of one plane.
#[inline(always)]
fn add_quads<B: WeightBlock, D: Dot, const I: usize>(
    dots: &mut [D; QUARTERS],
    blocks: [&B; QUARTERS],
    x: [I8x16; 2],
    kind: DotKind,
) {
    for half in 0..2 {
        let x = D::quad::<I>(x[half]);
        for g in 0..QUARTERS {
            dots[g] = dots[g].add(x, blocks[g].quads(I, kind)[half]);
        }
    }
}
