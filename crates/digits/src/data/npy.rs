//! NumPy's arrays of any number of dimensions.

use gmm_core::ndarray::ArrayD;
use ndarray_npy::{ReadNpyError, ReadNpyExt, ReadableElement};

use super::ImagesError;

/// Whether a file begins as NPY does.
pub(super) fn is_npy(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x93NUMPY")
}

/// Reads numbers of one type.
type Reader = fn(&[u8]) -> Result<ArrayD<f64>, ReadNpyError>;

/// The sizes and the numbers of a file, the last dimension running fastest.
///
/// # Errors
/// [`ImagesError::Npy`] for what is damaged or holds no numbers.
pub(super) fn read(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f64>), ImagesError> {
    let readers: [Reader; 9] = [
        of::<u8>, of::<f64>, of::<f32>, of::<i64>, of::<i32>, of::<i16>, of::<u16>, of::<i8>,
        of::<u32>,
    ];
    for reader in readers {
        match reader(bytes) {
            Ok(array) => return Ok((array.shape().to_vec(), array.iter().copied().collect())),
            Err(ReadNpyError::WrongDescriptor(_)) => {}
            Err(error) => return Err(ImagesError::Npy(one_line(&error.to_string()))),
        }
    }
    let line = "it holds no whole numbers or floats of common sizes";
    Err(ImagesError::Npy(String::from(line)))
}

fn of<T>(bytes: &[u8]) -> Result<ArrayD<f64>, ReadNpyError>
where
    T: ReadableElement + Copy + Number,
{
    Ok(ArrayD::<T>::read_npy(bytes)?.mapv(Number::value))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Numbers that become `f64`.
trait Number {
    fn value(self) -> f64;
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Number for $number {
            fn value(self) -> f64 {
                self as f64
            }
        })*
    };
}

numbers!(u8 i8 u16 i16 u32 i32 i64 f32 f64);
