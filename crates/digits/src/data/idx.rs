//! IDX, the format of MNIST (LeCun, Cortes & Burges): two zero bytes, the type of the numbers, how many dimensions there
//! are, their sizes as 32-bit big-endian numbers, and the numbers, big-endian too.

use super::ImagesError;

/// The numbers of a file.
pub(super) struct Idx {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
}

/// Whether a file begins as IDX does.
pub(super) fn is_idx(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, 8..=14, 1..=4, ..])
}

/// Reads a whole file.
///
/// # Errors
/// [`ImagesError::Idx`] for types that do not exist, and for more or fewer numbers than the sizes say.
pub(super) fn read(bytes: &[u8]) -> Result<Idx, ImagesError> {
    let damaged = |why: String| Err(ImagesError::Idx(why));
    let &[_, _, of_type, n_dims, ..] = bytes else {
        return damaged(String::from("it is cut short"));
    };
    let (width, value): (usize, fn(&[u8]) -> f64) = match of_type {
        0x08 => (1, |b| f64::from(b[0])),
        0x09 => (1, |b| f64::from(b[0] as i8)),
        0x0b => (2, |b| f64::from(i16::from_be_bytes([b[0], b[1]]))),
        0x0c => (4, |b| {
            f64::from(i32::from_be_bytes([b[0], b[1], b[2], b[3]]))
        }),
        0x0d => (4, |b| {
            f64::from(f32::from_be_bytes([b[0], b[1], b[2], b[3]]))
        }),
        0x0e => (8, |b| {
            f64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])
        }),
        other => return damaged(format!("there is no type {other} of numbers")),
    };
    let start = 4 + 4 * usize::from(n_dims);
    let Some(sizes) = bytes.get(4..start) else {
        return damaged(String::from("it is cut short"));
    };
    let size = |b: &[u8]| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize;
    let shape: Vec<usize> = sizes.chunks_exact(4).map(size).collect();
    let data = &bytes[start..];
    let expected = shape.iter().try_fold(width, |all, &n| all.checked_mul(n));
    if expected != Some(data.len()) {
        let dims: Vec<String> = shape.iter().map(usize::to_string).collect();
        return damaged(format!(
            "it says {} numbers of {width} bytes, and {} bytes follow",
            dims.join(" × "),
            data.len()
        ));
    }
    Ok(Idx {
        shape,
        values: data.chunks_exact(width).map(value).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_damage_is_told() {
        let bytes = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255];
        let idx = read(&bytes).unwrap();
        assert_eq!(idx.shape, [2, 3]);
        assert_eq!(idx.values, [1.0, 2.0, 3.0, 4.0, 5.0, 255.0]);
        for n in [0, 3, 7, 12, 17] {
            assert!(read(&bytes[..n]).is_err(), "{n}");
        }
        let huge = [[0, 0, 8, 4].as_slice(), &[255; 16], &[1]].concat();
        assert!(read(&huge).is_err());
        let floats = [[0, 0, 13, 1, 0, 0, 0, 1].as_slice(), &1.5f32.to_be_bytes()].concat();
        assert_eq!(read(&floats).unwrap().values, [1.5]);
        assert!(!is_idx(b"1,2,3") && !is_idx(b"\x93NUMPY") && is_idx(&bytes));
    }
}
