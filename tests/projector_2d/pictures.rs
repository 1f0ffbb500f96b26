//! Pictures beside one another.

use resvg::tiny_skia::Pixmap;

/// A picture in squares of 8 by 8 pixels: the mean of each, by channel.
pub fn coarse(png: &[u8], width: usize, height: usize) -> Vec<f64> {
    let pixmap = Pixmap::decode_png(png).unwrap();
    let line = pixmap.width() as usize;
    assert!(line >= width && pixmap.height() as usize >= height);
    let mut squares = Vec::new();
    for (y, x) in (0..height / 8).flat_map(|y| (0..width / 8).map(move |x| (y * 8, x * 8))) {
        for channel in 0..3 {
            let at = |i: usize| pixmap.data()[4 * ((y + i / 8) * line + x + i % 8) + channel];
            squares.push((0..64).map(|i| f64::from(at(i))).sum::<f64>() / 64.0);
        }
    }
    squares
}

/// How far two pictures lie apart, of 255: the mean over all squares, and the share of squares that differ by more
/// than 32.
pub fn apart(a: &[f64], b: &[f64]) -> (f64, f64) {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| (a - b).abs()).collect();
    let count = differences.len() as f64;
    let many = differences.iter().filter(|d| **d > 32.0).count() as f64;
    (differences.iter().sum::<f64>() / count, many / count)
}
