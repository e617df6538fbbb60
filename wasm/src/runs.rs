//! A vector full of one value.

use std::collections::TryReserveError;

/// Values that are copied at once.
const RUN: usize = 64;

/// `count` times `value`, where memory can grow that far. Copied in runs, because engines do that at the memory's speed also in
/// code that they have not optimised yet, as all of it is while a model loads.
pub fn filled<T: Copy>(value: T, count: usize) -> Result<Vec<T>, TryReserveError> {
    let mut values = Vec::new();
    values.try_reserve_exact(count)?;
    let run = [value; RUN];
    while values.len() < count {
        values.extend_from_slice(&run[..RUN.min(count - values.len())]);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::{RUN, filled};

    #[test]
    fn filled_has_as_many_values_as_asked_for() {
        for count in [0, 1, RUN - 1, RUN, RUN + 1, 3 * RUN + 5] {
            assert_eq!(filled([7u16; 4], count).unwrap(), vec![[7u16; 4]; count]);
        }
    }

    #[test]
    fn filled_fails_where_memory_ends() {
        assert!(filled(0u64, usize::MAX / 8).is_err());
    }
}
