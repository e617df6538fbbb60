//! gate_fusion: `x = x + (gate * ssm + (1 - gate) * attention)`, elementwise, in place.
//! x, gate, ssm, attention: [l, n] f32. For the encoder.
use crate::lanes;
use crate::simd::F32x4;
use crate::view::{View, ViewMut};

/// Adds the fused branches to the residual stream `x`.
pub fn gate_fusion(gate: View, ssm: View, attention: View, mut x: ViewMut) {
    for t in 0..x.rows() {
        let row = x.row(t);
        for start in (0..row.len()).step_by(4) {
            let [gate, ssm, attention] = [gate, ssm, attention].map(|view| lanes::load(view.row(t), start));
            let fused = gate * ssm + (F32x4::splat(1.0) - gate) * attention;
            lanes::store(lanes::load(row, start) + fused, row, start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;

    #[test]
    fn gate_fusion_agrees_with_its_twin_for_every_width() {
        for n in 1..=13 {
            let [gate, ssm, attention, before] = [1, 2, 3, 4].map(|seed| random(seed, 3 * n));
            let mut x = before.clone();
            gate_fusion(
                View::packed(&gate, n),
                View::packed(&ssm, n),
                View::packed(&attention, n),
                ViewMut::packed(&mut x, n),
            );
            let exact: Vec<f32> =
                (0..3 * n).map(|i| before[i] + (gate[i] * ssm[i] + (1.0 - gate[i]) * attention[i])).collect();
            assert_eq!(x, exact);
        }
    }
}
