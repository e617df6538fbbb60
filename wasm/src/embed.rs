//! embed: out[i] = table[ids[i]], from the table as it is stored for `linear`.
//!
//! ids `[l]`, each below the table's rows; table `[vocab_size, hidden_size]`; out `[l, hidden_size]`.

use crate::matrix::Matrix;
use crate::view::ViewMut;

/// Writes one row of out for every id.
pub fn embed(table: &Matrix, ids: &[u32], out: &mut ViewMut) {
    for (row, &id) in ids.iter().enumerate() {
        table.dequantize_row(id as usize, out.row(row));
    }
}
