//! From text to records: lines and fields.

use csv::{ReaderBuilder, StringRecord};

use crate::error::TableError;

/// What may part fields, in the order in which it is preferred: commas come last, as they also stand in decimals
/// and in texts.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];
/// Records that are looked at to find what parts fields.
const SAMPLED: usize = 50;

/// Refuses bytes that are no text. The first line of them is `line`.
pub(crate) fn text_of(bytes: &[u8], line: usize) -> Result<&str, TableError> {
    // Before the test for UTF-8, so that UTF-16 and what is no text are told from other 8-bit encodings.
    if let Some(at) = memchr::memchr(0, bytes) {
        let line = line + n_line_ends(&bytes[..at]);
        return Err(TableError::NotText { line });
    }
    std::str::from_utf8(bytes).map_err(|e| TableError::NotUtf8 {
        line: line + n_line_ends(&bytes[..e.valid_up_to()]),
    })
}

/// Line ends of any system: LF, CR LF and CR.
pub(crate) fn n_line_ends(bytes: &[u8]) -> usize {
    let is_lone = |i: &usize| bytes.get(i + 1) != Some(&b'\n');
    memchr::memchr_iter(b'\n', bytes).count()
        + memchr::memchr_iter(b'\r', bytes).filter(is_lone).count()
}

/// The records of a text, with their lines.
pub(crate) struct Records<'a> {
    text: &'a [u8],
    /// Whether nothing follows the text.
    is_whole: bool,
    delimiter: u8,
    reader: csv::Reader<&'a [u8]>,
    /// How far lines were counted, and the line there.
    counted: usize,
    line: usize,
}

impl<'a> Records<'a> {
    /// The records of a text that begins in this line. Of one that is not whole, the last is not read.
    pub(crate) fn new(text: &'a str, delimiter: u8, line: usize, is_whole: bool) -> Self {
        Self {
            text: text.as_bytes(),
            is_whole,
            delimiter,
            reader: reader(delimiter, text.as_bytes()),
            counted: 0,
            line,
        }
    }

    /// Reads the next record that is not blank, and says its first line; none at the end.
    pub(crate) fn read(&mut self, record: &mut StringRecord) -> Result<Option<usize>, TableError> {
        let unreadable = |e: csv::Error| TableError::File(std::io::Error::from(e).into());
        loop {
            let before = self.reader.position().byte() as usize;
            if !self.reader.read_record(record).map_err(unreadable)? {
                return Ok(None);
            }
            let raw = &self.text[before..self.reader.position().byte() as usize];
            // The reader skips blank lines without a word, and can stop between CR and LF.
            let is_end = |b: &&u8| matches!(**b, b'\r' | b'\n');
            let skipped = raw.iter().take_while(is_end).count();
            let (start, raw) = (before + skipped, &raw[skipped..]);
            self.line += n_line_ends(&self.text[self.counted..start]);
            self.counted = start;
            let is_last = start + raw.len() == self.text.len();
            if is_last && !self.is_whole {
                return Ok(None);
            }
            if is_last && is_open(self.delimiter, raw) {
                return Err(TableError::OpenQuote { line: self.line });
            }
            let is_blank = record.len() == 1 && raw.trim_ascii().is_empty();
            if !is_blank {
                return Ok(Some(self.line));
            }
        }
    }

    /// Where the record that was read last ends, and the line there.
    pub(crate) fn end(&self) -> (usize, usize) {
        let end = self.reader.position().byte() as usize;
        let is_between = self.text[..end].ends_with(b"\r") && self.text[end..].starts_with(b"\n");
        let end = end + usize::from(is_between);
        (end, self.line + n_line_ends(&self.text[self.counted..end]))
    }

    /// Fields of the first records, as far as they can be read.
    fn widths(mut self) -> Vec<usize> {
        let mut record = StringRecord::new();
        let mut width = || match self.read(&mut record) {
            Ok(Some(_)) => Some(record.len()),
            _ => None,
        };
        std::iter::from_fn(&mut width).take(SAMPLED).collect()
    }
}

fn reader(delimiter: u8, bytes: &[u8]) -> csv::Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(bytes)
}

/// Whether a record ends within quotes: then another line would still be part of it.
fn is_open(delimiter: u8, raw: &[u8]) -> bool {
    let is_one = || {
        let longer = [raw, b"\nx"].concat();
        reader(delimiter, &longer).byte_records().count() == 1
    };
    raw.contains(&b'"') && is_one()
}

/// What parts the fields: that which gives the first records an equal number of them, or else the first most.
pub(crate) fn delimiter_of(text: &str, is_whole: bool) -> u8 {
    let widths = DELIMITERS.map(|d| (d, Records::new(text, d, 1, is_whole).widths()));
    let makes_rows = |widths: &[usize]| match widths {
        [first, rest @ ..] => *first > 1 && rest.iter().all(|width| width == first),
        [] => false,
    };
    let even = widths.iter().find(|(_, widths)| makes_rows(widths));
    let most = || widths.iter().max_by_key(|(_, widths)| widths.first());
    even.or_else(most).map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(usize, Vec<String>)>, TableError> {
        let mut records = Records::new(text, delimiter_of(text, true), 1, true);
        let mut record = StringRecord::new();
        let mut found = Vec::new();
        while let Some(line) = records.read(&mut record)? {
            found.push((line, record.iter().map(String::from).collect()));
        }
        Ok(found)
    }

    fn lines(text: &str) -> Vec<usize> {
        let records = read(text).unwrap();
        records.into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn lines_are_counted_past_blank_ones_and_within_quotes() {
        assert_eq!(lines("a\nb\nc\n"), [1, 2, 3]);
        assert_eq!(lines("a\r\nb\r\nc"), [1, 2, 3]);
        assert_eq!(lines("a\rb\rc\r"), [1, 2, 3]);
        assert_eq!(lines("\n\na\n\n \nb\n\n"), [3, 6]);
        assert_eq!(lines("\r\n\r\na\r\n\r\n\t\r\nb\r\n\r\n"), [3, 6]);
        assert_eq!(lines("a,b\n\"x\ny\",1\n\nz,2"), [1, 2, 5]);
        assert_eq!(lines("a,b\r\n\"x\r\ny\",1\r\n\r\nz,2\r\n"), [1, 2, 5]);
        assert_eq!(lines(" \n\n"), [0; 0]);
    }

    #[test]
    fn the_delimiter_is_what_makes_rows() {
        for (text, expected) in [
            ("a,b\n1,2", b','),
            ("a;b\n1;2", b';'),
            ("a\tb\n1\t2", b'\t'),
            ("a|b\n1|2", b'|'),
            ("a;b\n1,5;2,5\n", b';'),
            ("1,5;2,5\n3,5;4,5\n", b';'),
            ("a,b\nx;y,1\nz,2\n", b','),
            ("a,b,c\n1,2\n", b','),
            ("a;b;c\n1;2\n", b';'),
            ("a\n1\n", b','),
            ("a;b\n\"1\n", b';'),
            ("", b','),
        ] {
            assert_eq!(delimiter_of(text, true), expected, "{text:?}");
        }
    }

    #[test]
    fn quotes_hold_delimiters_quotes_and_lines() {
        let records = read("\"a, b\",\"say \"\"x\"\"\"\n1,5\" disc\n").unwrap();
        assert_eq!(records[0].1, ["a, b", "say \"x\""]);
        assert_eq!(records[1].1, ["1", "5\" disc"]);
        for (text, line) in [("a,b\n1,\"2\n3,4\n", 2), ("a,b\n1,2\n3,\"4", 3), ("\"", 1)] {
            assert_eq!(read(text), Err(TableError::OpenQuote { line }), "{text:?}");
        }
        assert!(read("a,b\n1,\"2\"").is_ok() && read("a,b\n1,\"2\"\n\n").is_ok());
    }
}
