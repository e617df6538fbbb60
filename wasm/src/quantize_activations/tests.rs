use super::*;
use crate::testing::random;

/// All rows as tiles and blocks.
fn quantized(x: &[f32], columns: usize) -> (Vec<ActivationTile>, Vec<ActivationBlock>) {
    let (l, per_row) = (x.len() / columns, columns / BLOCK);
    let mut tiles = vec![ActivationTile::default(); l / TILE * per_row];
    let mut blocks = vec![ActivationBlock::default(); l % TILE * per_row];
    quantize_activations(View::packed(x, columns), 1, &mut tiles, &mut blocks);
    (tiles, blocks)
}

/// The quotients of one of a block's planes in the order of its columns.
fn plane_of(block: &[ActivationBlock], plane: usize) -> Vec<i32> {
    let quotient = |column: usize| {
        let quad = 2 * block.len() * (column % 4) + 2 * plane + column / 16;
        let by_steps = block[quad / 8].by_steps[quad % 8 / 4][quad % 4 * 4 + column % 16 / 4];
        assert_eq!(by_steps, block[plane].quotients[column / 16][column % 4 * 4 + column % 16 / 4]);
        by_steps
    };
    (0..BLOCK).map(quotient).map(i32::from).collect()
}

/// The same where there is one plane.
fn columns_of(block: &ActivationBlock) -> Vec<i32> {
    plane_of(core::slice::from_ref(block), 0)
}

#[test]
fn quantize_activations_rounds_to_nearest_and_ties_to_even() {
    for seed in 0..20 {
        let x: Vec<f32> = random(seed, BLOCK);
        let (_, blocks) = quantized(&x, BLOCK);
        let max = x.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
        let exact: Vec<i32> = x.iter().map(|x| (x * (127.0 / max)).round_ties_even() as i32).collect();
        assert_eq!(columns_of(&blocks[0]), exact);
        assert_eq!(blocks[0].minus_sum, -exact.iter().sum::<i32>());
        assert!((blocks[0].scale / SCALE_UNIT - max / 127.0).abs() <= max * 1e-8);
    }
    let mut x = [0.0; BLOCK];
    x[..6].copy_from_slice(&[127.0, 0.5, 1.5, -0.5, -1.5, -2.5]);
    assert_eq!(columns_of(&quantized(&x, BLOCK).1[0])[..6], [127, 0, 2, 0, -2, -2]);
}

#[test]
fn quantize_activations_interleaves_four_rows_into_a_tile() {
    let columns = 3 * BLOCK;
    let x = random(3, 7 * columns);
    let (tiles, blocks) = quantized(&x, columns);
    assert_eq!((tiles.len(), blocks.len()), (3, 9));
    for row in 0..7 {
        let (_, alone) = quantized(&x[row * columns..][..columns], columns);
        for (b, alone) in alone.iter().enumerate() {
            let (columns_there, scale, minus_sum) = match tiles.get(row / TILE * 3 + b) {
                Some(tile) if row < TILE => {
                    let quotient = |column: usize| {
                        tile.quotients[column / 16 * 4 + column % 4][4 * row + column % 16 / 4]
                    };
                    let columns = (0..BLOCK).map(quotient).map(i32::from).collect();
                    (columns, tile.scales[row], tile.minus_sums[row])
                }
                _ => {
                    let block = &blocks[(row - TILE) * 3 + b];
                    (columns_of(block), block.scale, block.minus_sum)
                }
            };
            assert_eq!((columns_there, scale, minus_sum), (columns_of(alone), alone.scale, alone.minus_sum));
        }
    }
}

#[test]
fn quantize_activations_takes_numbers_of_every_size() {
    for max in [0.0, 1e-45, 1e-38, 1e-36, 1e-30, 1.0, 1e22] {
        let (_, blocks) = quantized(&[max; BLOCK], BLOCK);
        let quotient = columns_of(&blocks[0])[0];
        let value = quotient as f32 * (blocks[0].scale / SCALE_UNIT);
        assert!(quotient == 127 || quotient == 0 && max < SMALLEST_MAX, "{max} gives {quotient}");
        assert!((value - max).abs() <= max * 1e-6 || max < SMALLEST_MAX, "{max} gives {value}");
    }
}

#[test]
fn quantize_activations_keeps_what_is_not_finite() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut x = random(5, BLOCK);
        x[17] = bad;
        assert!(!quantized(&x, BLOCK).1[0].scale.is_finite());
    }
}

#[test]
fn quantize_activations_splits_two_planes_without_overflow() {
    let mut x = random(7, BLOCK);
    // Digits that round to either side of a byte's ends, at the largest magnitude's scale.
    x[..6].copy_from_slice(&[32639.0, 128.0, -128.0, 127.0, 32640.0 - 256.0 - 128.0, -32639.0]);
    let mut blocks = [ActivationBlock::default(); 2];
    quantize_activations(View::packed(&x, BLOCK), 2, &mut [], &mut blocks);
    let [high, low] = [0, 1].map(|plane| plane_of(&blocks, plane));
    for (column, x) in x.iter().enumerate() {
        assert_eq!(256 * high[column] + low[column], x.round_ties_even() as i32, "column {column}");
    }
    for (block, quotients) in blocks.iter().zip([&high, &low]) {
        assert_eq!(block.minus_sum, -quotients.iter().sum::<i32>());
    }
    assert_eq!(blocks[0].scale, 256.0 * blocks[1].scale);
}
