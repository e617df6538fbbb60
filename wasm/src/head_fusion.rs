//! head_fusion: `out = (rms_norm(attention) + rms_norm(ssm)) / 2`, each norm with its own weight (arXiv:2411.13676, eq. 3).
//! attention, ssm, out: [l, d_inner] f32, out may be either input; attention_norm, ssm_norm: [d_inner] f32.
use crate::lanes;
use crate::rms_norm::inverse_rms;
use crate::simd::F32x4;
use crate::view::{View, ViewMut};

/// Elements that are computed before they are written, because `out` may be an input.
const BLOCK: usize = 64;

/// A branch's output and the weight of its norm.
#[derive(Clone, Copy)]
pub struct Branch<'a> {
    /// `[l, d_inner]`.
    pub output: View<'a>,
    /// `[d_inner]`.
    pub norm: &'a [f32],
}

/// Fuses two branches. `out` may be the memory of a branch's output.
pub fn head_fusion(branches: [Branch; 2], eps: f32, mut out: ViewMut) {
    let columns = out.columns();
    for t in 0..out.rows() {
        let scales = branches.map(|branch| F32x4::splat(0.5 * inverse_rms(branch.output.row(t), eps)));
        for first in (0..columns).step_by(BLOCK) {
            let mut block = [0.0; BLOCK];
            let block = &mut block[..BLOCK.min(columns - first)];
            for start in (0..block.len()).step_by(4) {
                let terms = [0, 1].map(|i| {
                    let output = lanes::load(branches[i].output.row(t), first + start);
                    output * scales[i] * lanes::load(branches[i].norm, first + start)
                });
                lanes::store(terms[0] + terms[1], block, start);
            }
            out.part(t, first..first + block.len()).copy_from_slice(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, random, rms_norm_twin, wide};

    #[test]
    fn head_fusion_agrees_with_its_twin_for_every_width() {
        for n in (1..=70).chain([129, 3200]) {
            let (a, s) = (random(1, 2 * n), random(2, 2 * n));
            let (a_norm, s_norm) = (random(3, n), random(4, n));
            let (a, s) = (View::packed(&a, n), View::packed(&s, n));
            let mut out = vec![f32::NAN; 2 * n];
            let branches = [Branch { output: a, norm: &a_norm }, Branch { output: s, norm: &s_norm }];
            head_fusion(branches, 1e-5, ViewMut::packed(&mut out, n));
            for t in 0..2 {
                let terms =
                    [rms_norm_twin(&wide(a, t), &a_norm, 1e-5), rms_norm_twin(&wide(s, t), &s_norm, 1e-5)];
                let exact: Vec<f64> = terms[0].iter().zip(&terms[1]).map(|(a, s)| (a + s) / 2.0).collect();
                assert_close(View::packed(&out, n).row(t), &exact, 2e-6);
            }
        }
    }
}
