//! NumPy's archives of arrays: ZIP files of NPY files.

use std::io::{BufReader, Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;
use gmm_files::FileError;
use zip::{CompressionMethod, ZipArchive};

use crate::array::npy::Header;
use crate::array::{Array, Data, ReadSeek};
use crate::error::{TableError, listed, shown};

/// The ending of the files in an archive.
const ENDING: &str = ".npy";

/// Where an entry is in an archive.
struct Entry {
    name: String,
    start: u64,
    n_bytes: u64,
    is_deflated: bool,
}

/// An archive that is being read.
type Input = BufReader<Box<dyn ReadSeek>>;

/// The array of an entry by its name; without a name the only array, or else the only one of two dimensions.
pub(crate) fn open(input: Box<dyn ReadSeek>, name: Option<&str>) -> Result<Array, TableError> {
    let mut archive = ZipArchive::new(BufReader::new(input)).map_err(|e| refused(&e))?;
    let mut entries = Vec::new();
    if archive.index_for_name("[Content_Types].xml").is_some() {
        return Err(TableError::Foreign {
            form: "a spreadsheet or document",
            advice: "save the table as CSV",
        });
    }
    for i in 0..archive.len() {
        let file = archive.by_index_raw(i).map_err(|e| refused(&e))?;
        let is_deflated = match file.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            _ => return Err(unreadable("it is compressed in an unusual way")),
        };
        if let (Some(array), Some(start)) = (file.name().strip_suffix(ENDING), file.data_start()) {
            entries.push(Entry {
                name: String::from(array),
                start,
                n_bytes: file.compressed_size(),
                is_deflated,
            });
        }
    }
    let mut input = archive.into_inner();
    let entry = match name {
        Some(wanted) => {
            let plain = wanted.strip_suffix(ENDING).unwrap_or(wanted);
            let find = |entry: &&Entry| entry.name == plain;
            entries
                .iter()
                .find(find)
                .ok_or_else(|| TableError::UnknownEntry {
                    wanted: shown(wanted),
                    known: names(&entries),
                })?
        }
        None => only_table(&mut input, &entries)?,
    };
    begun(input, entry)
}

/// The only array, or the only one of two dimensions.
fn only_table<'e>(input: &mut Input, entries: &'e [Entry]) -> Result<&'e Entry, TableError> {
    if let [only] = entries {
        return Ok(only);
    }
    let mut tables = Vec::new();
    for entry in entries {
        // Arrays of what is no number may stand beside.
        if header(input, entry).is_ok_and(|header| header.shape.len() == 2) {
            tables.push(entry);
        }
    }
    match tables[..] {
        [only] => Ok(only),
        _ if entries.is_empty() => Err(unreadable("there are no arrays in it")),
        _ => Err(TableError::WhichEntry {
            known: names(entries),
        }),
    }
}

fn names(entries: &[Entry]) -> String {
    listed(&entries.iter().map(|e| e.name.clone()).collect::<Vec<_>>())
}

fn header(input: &mut Input, entry: &Entry) -> Result<Header, TableError> {
    input
        .seek(SeekFrom::Start(entry.start))
        .map_err(FileError::from)?;
    let mut bytes = input.take(entry.n_bytes);
    if entry.is_deflated {
        Header::read(&mut DeflateDecoder::new(bytes))
    } else {
        Header::read(&mut bytes)
    }
}

/// An array from its numbers on.
fn begun(mut input: Input, entry: &Entry) -> Result<Array, TableError> {
    let header = header(&mut input, entry)?;
    if entry.is_deflated {
        input
            .seek(SeekFrom::Start(entry.start))
            .map_err(FileError::from)?;
        let mut bytes = DeflateDecoder::new(input.take(entry.n_bytes));
        let header = Header::read(&mut bytes)?;
        return Array::new(header, Data::Stream(Box::new(bytes)));
    }
    let numbers = entry.start + header.length;
    input
        .seek(SeekFrom::Start(numbers))
        .map_err(FileError::from)?;
    let n_bytes = entry.n_bytes;
    let array = Array::new(header, Data::Seekable(Box::new(input), numbers))?;
    // What follows in the archive is none of it.
    if array.n_bytes() > n_bytes {
        Err(TableError::CutShort)
    } else {
        Ok(array)
    }
}

fn refused(error: &zip::result::ZipError) -> TableError {
    unreadable(&shown(&error.to_string()))
}

fn unreadable(why: &str) -> TableError {
    TableError::Unreadable {
        form: "NPZ",
        why: String::from(why),
    }
}
