//! NumPy's array files (NEP 1): what their headers say and what their bytes mean.

use std::io::Read;

use py_literal::Value;

use crate::error::{TableError, shown};

/// Bytes of the header that is written, whatever it says: it can be written again with another number of rows.
const HEADER: usize = 128;
/// Bytes of the longest header that is read.
const LONGEST_HEADER: usize = 1 << 20;

/// What begins every file.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// The beginning of a file of `f64`, rows × columns, row by row (format version 1.0).
pub(crate) fn header(n_rows: usize, n_columns: usize) -> Vec<u8> {
    let dictionary =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({n_rows}, {n_columns}), }}");
    let length = HEADER - MAGIC.len() - 4;
    let mut header = [MAGIC, &[1, 0], &(length as u16).to_le_bytes()].concat();
    header.extend(format!("{dictionary:<width$}\n", width = length - 1).bytes());
    header
}

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) elements: Elements,
    /// Whether the array is stored column by column.
    pub(crate) is_by_column: bool,
    pub(crate) shape: Vec<usize>,
    /// Bytes of the header.
    pub(crate) length: u64,
}

impl Header {
    /// Reads it from the beginning of a file.
    pub(crate) fn read(input: &mut dyn Read) -> Result<Self, TableError> {
        let mut start = [0; 8];
        fill(input, &mut start)?;
        if !start.starts_with(MAGIC) {
            return Err(unreadable("it does not begin as one"));
        }
        let n_bytes = if start[6] == 1 { 2 } else { 4 };
        let mut length = [0; 4];
        fill(input, &mut length[..n_bytes])?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST_HEADER {
            return Err(unreadable("its header is too long"));
        }
        let mut dictionary = vec![0; length];
        fill(input, &mut dictionary)?;
        let dictionary = String::from_utf8_lossy(&dictionary);
        let entries = match dictionary.trim().parse() {
            Ok(Value::Dict(entries)) => entries,
            _ => return Err(unreadable("its header is damaged")),
        };
        let entry = |name: &str| {
            let is_name = |(key, _): &&(Value, Value)| *key == Value::String(String::from(name));
            entries.iter().find(is_name).map(|(_, value)| value)
        };
        let elements = match entry("descr") {
            Some(Value::String(descr)) => Elements::of(descr)?,
            Some(Value::List(_)) => return Err(unreadable("its elements are records of fields")),
            _ => return Err(unreadable("its header is damaged")),
        };
        let size = |value: &Value| match value {
            Value::Integer(n) => usize::try_from(n.clone()).ok(),
            _ => None,
        };
        let shape = match entry("shape") {
            Some(Value::Tuple(sizes)) => sizes.iter().map(size).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        let is_by_column = entry("fortran_order") == Some(&Value::Boolean(true));
        Ok(Self {
            elements,
            is_by_column,
            shape: shape.ok_or_else(|| unreadable("its header is damaged"))?,
            length: (start.len() + n_bytes + length) as u64,
        })
    }

    /// Rows and columns: an array of one dimension is a column.
    pub(crate) fn dim(&self) -> Result<(usize, usize), TableError> {
        match self.shape[..] {
            [n_rows] => Ok((n_rows, 1)),
            [n_rows, n_columns] => Ok((n_rows, n_columns)),
            _ => Err(TableError::Unreadable {
                form: "NPY",
                why: format!("an array of {} dimensions is no table", self.shape.len()),
            }),
        }
    }
}

/// Fills all of the bytes.
pub(crate) fn fill(input: &mut dyn Read, bytes: &mut [u8]) -> Result<(), TableError> {
    input.read_exact(bytes).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => TableError::CutShort,
        _ => TableError::File(e.into()),
    })
}

fn unreadable(why: &str) -> TableError {
    TableError::Unreadable {
        form: "NPY",
        why: String::from(why),
    }
}

/// How the numbers of an array are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Elements {
    form: Form,
    /// Bytes of one.
    pub(crate) size: usize,
    is_big_endian: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Float,
    Signed,
    Unsigned,
}

impl Elements {
    /// By NumPy's name of them, such as `<f8`.
    fn of(descr: &str) -> Result<Self, TableError> {
        let (order, name) = match descr.split_at_checked(1) {
            Some((order @ ("<" | ">" | "|" | "="), name)) => (order, name),
            _ => ("=", descr),
        };
        let (form, size) = match name {
            "f4" => (Form::Float, 4),
            "f8" => (Form::Float, 8),
            "i1" => (Form::Signed, 1),
            "i2" => (Form::Signed, 2),
            "i4" => (Form::Signed, 4),
            "i8" => (Form::Signed, 8),
            "u1" | "b1" => (Form::Unsigned, 1),
            "u2" => (Form::Unsigned, 2),
            "u4" => (Form::Unsigned, 4),
            "u8" => (Form::Unsigned, 8),
            _ => {
                let why = format!(
                    "its elements of type \"{}\" are not numbers that are read",
                    shown(descr)
                );
                return Err(TableError::Unreadable { form: "NPY", why });
            }
        };
        let is_big_endian = order == ">" || order == "=" && cfg!(target_endian = "big");
        Ok(Self {
            form,
            size,
            is_big_endian,
        })
    }

    /// One number; whole ones beyond 2⁵³ are rounded.
    #[inline]
    pub(crate) fn value(self, bytes: &[u8]) -> f64 {
        let mut word = [0; 8];
        for (place, byte) in bytes.iter().take(self.size).enumerate() {
            let place = if self.is_big_endian {
                self.size - 1 - place
            } else {
                place
            };
            word[place] = *byte;
        }
        let word = u64::from_le_bytes(word);
        match (self.form, self.size) {
            (Form::Float, 4) => f64::from(f32::from_bits(word as u32)),
            (Form::Float, _) => f64::from_bits(word),
            (Form::Unsigned, _) => word as f64,
            (Form::Signed, size) => {
                // The sign goes to the top and comes back.
                let unused = 64 - 8 * size as u32;
                ((word << unused) as i64 >> unused) as f64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_type_are_read() {
        let value = |descr: &str, bytes: &[u8]| Elements::of(descr).unwrap().value(bytes);
        assert_eq!(value("<f8", &1.5f64.to_le_bytes()), 1.5);
        assert_eq!(value(">f8", &(-1.5f64).to_be_bytes()), -1.5);
        assert_eq!(value("<f4", &0.1f32.to_le_bytes()), f64::from(0.1f32));
        assert_eq!(value("<i8", &(-7i64).to_le_bytes()), -7.0);
        assert_eq!(value(">i4", &(-70_000i32).to_be_bytes()), -70_000.0);
        assert_eq!(value("<i2", &(-300i16).to_le_bytes()), -300.0);
        assert_eq!(value("|i1", &[255]), -1.0);
        assert_eq!(value("|u1", &[255]), 255.0);
        assert_eq!(value("|b1", &[1]), 1.0);
        assert_eq!(value("<u8", &u64::MAX.to_le_bytes()), u64::MAX as f64);
        for other in ["<c16", "<U5", "|O", "<f2", ""] {
            assert!(Elements::of(other).is_err(), "{other}");
        }
    }

    #[test]
    fn headers_say_what_was_written() {
        let bytes = header(3, 2);
        let read = Header::read(&mut bytes.as_slice()).unwrap();
        assert_eq!((read.dim().unwrap(), read.length), ((3, 2), 128));
        assert!(!read.is_by_column);
    }
}
