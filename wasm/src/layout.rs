//! Which rows of a matrix a kernel works on at once, the same for every dtype.
//!
//! The rows, padded to a multiple of 16, fall into four quarters; unit u is the u-th four rows of every quarter. A unit is
//! the piece of work that a thread takes, and its sixteen results are four vectors.

/// Rows of a quarter that a unit holds.
pub const GROUP: usize = 4;

/// Quarters, each a stream of its own through memory.
pub const QUARTERS: usize = 4;

/// Units of a matrix of `rows` rows.
pub const fn unit_count(rows: usize) -> usize {
    rows.div_ceil(GROUP * QUARTERS)
}

/// First of the four rows that `unit` has in `quarter`; it and the others may lie past the matrix's end.
pub const fn first_row(units: usize, unit: usize, quarter: usize) -> usize {
    (quarter * units + unit) * GROUP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_cover_every_row_once() {
        for rows in 1..200 {
            let units = unit_count(rows);
            let mut covered = vec![0; units * GROUP * QUARTERS];
            for unit in 0..units {
                for quarter in 0..QUARTERS {
                    for row in &mut covered[first_row(units, unit, quarter)..][..GROUP] {
                        *row += 1;
                    }
                }
            }
            assert!(
                covered.len() >= rows && covered.len() < rows + 16 && covered.iter().all(|&count| count == 1)
            );
        }
    }
}
