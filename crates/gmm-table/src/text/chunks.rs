//! Text in pieces that end where records end.

use std::io::Read;

use gmm_files::FileError;
use memchr::{memchr, memchr_iter, memrchr};

use crate::error::{LONGEST_RECORD, TableError};
use crate::text::records::n_line_ends;

/// Whole records.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) bytes: Vec<u8>,
    /// The line of the first byte.
    pub(crate) line: usize,
    /// Line ends in it.
    pub(crate) n_lines: usize,
}

/// A text that is read piece by piece.
pub(crate) struct Chunks {
    input: Box<dyn Read + Send>,
    delimiter: u8,
    /// Bytes of a chunk, about.
    size: usize,
    /// What was read and is in no chunk yet.
    waiting: Vec<u8>,
    is_done: bool,
    line: usize,
    n_read: u64,
}

impl Chunks {
    /// The pieces of an input, its records parted by line ends outside quotes.
    pub(crate) fn new(input: Box<dyn Read + Send>, size: usize) -> Self {
        Self {
            input,
            delimiter: b',',
            size: size.max(1),
            waiting: Vec::new(),
            is_done: false,
            line: 1,
            n_read: 0,
        }
    }

    /// Looks ahead: the next bytes of the input, at least `n` of them unless it ends before, and whether it does.
    pub(crate) fn ahead(&mut self, n: usize) -> Result<(&[u8], bool), TableError> {
        if let Some(missing) = n.checked_sub(self.waiting.len()).filter(|_| !self.is_done) {
            self.waiting.reserve_exact(missing);
            let source = self.input.by_ref().take(missing as u64);
            let found = { source }
                .read_to_end(&mut self.waiting)
                .map_err(FileError::from)?;
            self.n_read += found as u64;
            self.is_done = found < missing;
        }
        Ok((&self.waiting, self.is_done))
    }

    /// Goes on from so many bytes further, which is in this line; fields are parted by `delimiter`.
    pub(crate) fn skip(&mut self, n_bytes: usize, line: usize, delimiter: u8) {
        self.waiting.drain(..n_bytes.min(self.waiting.len()));
        (self.line, self.delimiter) = (line, delimiter);
    }

    /// Bytes read so far.
    pub(crate) fn n_read(&self) -> u64 {
        self.n_read
    }

    /// Chunks of this size from now on.
    #[cfg(test)]
    pub(crate) fn resize(&mut self, size: usize) {
        self.size = size.max(1);
    }

    /// The next piece; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Chunk>, TableError> {
        let mut size = self.size;
        let end = loop {
            let (size_now, delimiter) = (size, self.delimiter);
            let (bytes, is_done) = self.ahead(size_now)?;
            let window = &bytes[..size.min(bytes.len())];
            if is_done && window.len() == bytes.len() {
                break bytes.len();
            }
            if let Some(end) = last_record_end(window, delimiter) {
                break end;
            }
            if size >= LONGEST_RECORD {
                return Err(TableError::Endless { line: self.line });
            }
            size *= 2;
        };
        if end == 0 {
            return Ok(None);
        }
        let mut rest = Vec::with_capacity(self.size.max(self.waiting.len() - end));
        rest.extend_from_slice(&self.waiting[end..]);
        let mut bytes = std::mem::replace(&mut self.waiting, rest);
        bytes.truncate(end);
        let (line, n_lines) = (self.line, n_line_ends(&bytes));
        self.line += n_lines;
        Ok(Some(Chunk {
            bytes,
            line,
            n_lines,
        }))
    }
}

/// Where the last record ends that is complete in bytes that begin with a record.
///
/// A CR at the very end may be half of a line end.
fn last_record_end(bytes: &[u8], delimiter: u8) -> Option<usize> {
    if memchr(b'"', bytes).is_some() {
        return last_record_end_beside_quotes(bytes, delimiter);
    }
    let last_lone_cr = || {
        let is_lone = |i: &usize| bytes.get(i + 1).is_some_and(|next| *next != b'\n');
        memchr_iter(b'\r', bytes).rfind(is_lone)
    };
    let last = memrchr(b'\n', bytes).or_else(last_lone_cr)?;
    Some(last + 1)
}

/// The same where line ends may stand in quotes, by the rules of the `csv` crate: a quotation mark counts at the
/// beginning of a field and in quoted ones, where two are one that is meant.
fn last_record_end_beside_quotes(bytes: &[u8], delimiter: u8) -> Option<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Place {
        FieldStart,
        Field,
        Quotes,
        QuoteInQuotes,
    }
    let (mut place, mut end) = (Place::FieldStart, None);
    for (i, byte) in bytes.iter().enumerate() {
        place = match (place, *byte) {
            (Place::Quotes, b'"') => Place::QuoteInQuotes,
            (Place::Quotes, _) => Place::Quotes,
            (Place::FieldStart | Place::QuoteInQuotes, b'"') => Place::Quotes,
            (_, b'\n') => {
                end = Some(i + 1);
                Place::FieldStart
            }
            (_, b'\r') => {
                if bytes.get(i + 1).is_some_and(|next| *next != b'\n') {
                    end = Some(i + 1);
                }
                Place::FieldStart
            }
            (_, byte) if byte == delimiter => Place::FieldStart,
            _ => Place::Field,
        };
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_end_where_records_do() {
        for (text, end) in [
            ("a,b\n1,2\n3", Some(8)),
            ("a,b\r\n1,2\r\n3", Some(10)),
            ("a\rb\rc\r", Some(4)),
            ("a,b", None),
            ("a,\"b\nc\"\nd,\"e\n", Some(8)),
            ("a,5\" x\n\"b\"\"\n\",c\n", Some(16)),
            ("\"a\"\r\n", Some(5)),
            ("\"a\"\r", None),
        ] {
            assert_eq!(last_record_end(text.as_bytes(), b','), end, "{text:?}");
        }
    }

    #[test]
    fn all_bytes_come_in_order_in_pieces_of_any_size() {
        let text = "a,b\n1,\"x\n\ny\"\r\n\n3,4\r\n5,6";
        for size in 1..30 {
            let mut chunks = Chunks::new(Box::new(text.as_bytes()), size);
            let (mut found, mut line) = (Vec::new(), 1);
            while let Some(chunk) = chunks.next().unwrap() {
                assert_eq!(chunk.line, line);
                line += chunk.n_lines;
                found.extend(chunk.bytes);
            }
            assert_eq!((found, line), (text.as_bytes().to_vec(), 7));
        }
    }
}
