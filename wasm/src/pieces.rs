//! How products are cut into pieces that kernels compute at a time.

use core::ops::Range;

use crate::lanes;
use crate::layout::{GROUP, QUARTERS, first_row, unit_count};
use crate::quantize_activations::TILE;
use crate::simd::F32x4;
use crate::view::ViewMut;

/// Products of one row of activations with the sixteen rows of a unit.
pub type Sums = [F32x4; QUARTERS];

/// Most units, and rows of activations, of a piece.
pub const LARGEST: usize = 8;

/// Several units with one row of activations, or one unit with a tile of four rows.
#[derive(Clone)]
pub struct Piece {
    /// Units of the weight.
    pub units: Range<usize>,
    /// Rows of the activations.
    pub rows: Range<usize>,
}

impl Piece {
    /// Whether this is a unit with a tile.
    pub fn is_tile(&self) -> bool {
        self.rows.len() == TILE
    }

    /// Number of sums.
    pub fn len(&self) -> usize {
        self.units.len() * self.rows.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the sums, a row of activations or a unit after the other, to those columns of out that there are.
    #[inline(always)]
    pub fn store(&self, sums: &[Sums], out: &mut ViewMut, accumulate: bool) {
        let columns = out.columns();
        let all_units = unit_count(columns);
        let mut sums = sums.iter();
        for unit in self.units.clone() {
            let parts: [Range<usize>; QUARTERS] = core::array::from_fn(|quarter| {
                let start = first_row(all_units, unit, quarter);
                start.min(columns)..(start + GROUP).min(columns)
            });
            for (row, sums) in self.rows.clone().zip(&mut sums) {
                for (part, &sum) in parts.iter().zip(sums) {
                    let part = out.part(row, part.clone());
                    let sum = if accumulate { lanes::load(part, 0) + sum } else { sum };
                    lanes::store(sum, part, 0);
                }
            }
        }
    }
}

/// Calls `compute` with pieces that cover `l` rows of activations and `units`. Tiles come before the rows beside them, unit
/// by unit, so that a unit is read from memory once; fewer rows than a tile take several units at a time.
#[inline(always)]
pub fn for_each_piece(l: usize, units: Range<usize>, mut compute: impl FnMut(Piece)) {
    let units_at_once = if l < TILE { LARGEST } else { 1 };
    for first in units.clone().step_by(units_at_once) {
        let units = first..units.end.min(first + units_at_once);
        for tile in 0..l / TILE {
            compute(Piece { units: units.clone(), rows: tile * TILE..(tile + 1) * TILE });
        }
        for row in l / TILE * TILE..l {
            compute(Piece { units: units.clone(), rows: row..row + 1 });
        }
    }
}
