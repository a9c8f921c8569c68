//! NumPy's files.

/// Bytes of the header that is written, whatever it says: it can be written again with another number of rows.
const HEADER: usize = 128;

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
