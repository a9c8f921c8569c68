//! Tables of text, block by block, on all threads.

mod chunks;
pub(crate) mod field;
pub(crate) mod head;
pub(crate) mod parse;
mod records;

use std::collections::VecDeque;
use std::io::Read;

use rayon::prelude::*;

use crate::block::Block;
use crate::error::{LONGEST_RECORD, TableError};
use crate::format::Format;
use crate::text::chunks::{Chunk, Chunks};
use crate::text::field::Meaning;
use crate::text::head::Head;
use crate::text::parse::{Parsed, Plan};
use crate::text::records::text_of;
use crate::wanted::{Columns, Kind};

/// Bytes from which what parts the fields, the names and the kinds of columns are told.
const HEAD: usize = 4 << 20;
/// Bytes of a chunk: many more than a thread takes to begin one, few enough to stay in its cache.
const CHUNK: usize = 1 << 20;
/// Chunks that are read while as many are turned into blocks, for each thread.
const CHUNKS_PER_THREAD: usize = 2;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A table of text whose beginning was looked at.
pub(crate) struct Text {
    pub(crate) head: Head,
    chunks: Chunks,
    pub(crate) meaning: Meaning,
}

impl Text {
    /// Looks at the beginning of an input.
    pub(crate) fn open(input: Box<dyn Read + Send>, format: &Format) -> Result<Self, TableError> {
        format.check()?;
        let meaning = Meaning::new(&format.missing);
        let mut chunks = Chunks::new(input, CHUNK);
        let (bytes, _) = chunks.ahead(BYTE_ORDER_MARK.len())?;
        if bytes.starts_with(BYTE_ORDER_MARK) {
            chunks.skip(BYTE_ORDER_MARK.len(), 1, b',');
        }
        let mut size = HEAD;
        let head = loop {
            let (bytes, is_whole) = chunks.ahead(size)?;
            let text = beginning(bytes, is_whole)?;
            if let Some(head) = Head::of(text, is_whole, format, &meaning)? {
                break head;
            }
            if size >= LONGEST_RECORD {
                return Err(TableError::Endless { line: 1 });
            }
            size *= 2;
        };
        let (bytes, line) = head.rows_at;
        chunks.skip(bytes, line, head.delimiter);
        Ok(Self {
            head,
            chunks,
            meaning,
        })
    }

    /// Chunks of this size from now on.
    #[cfg(test)]
    pub(crate) fn in_chunks_of(mut self, bytes: usize) -> Self {
        self.chunks.resize(bytes);
        self
    }

    /// The rows of these columns. What turns out to be a column of texts among those of numbers is refused, or may be.
    pub(crate) fn blocks(self, columns: Columns, refuses_text: bool) -> TextBlocks {
        let kinds = columns.kinds.clone();
        let how = (self.head.delimiter, self.head.first_line);
        TextBlocks {
            plan: Plan::new(self.head.names, how, self.meaning, columns),
            chunks: self.chunks,
            ahead: Some(Ok(Vec::new())),
            ready: VecDeque::new(),
            n_rows: 0,
            kinds,
            refuses_text,
        }
    }
}

/// The text of the first bytes of a file, without a character that is cut in two.
fn beginning(bytes: &[u8], is_whole: bool) -> Result<&str, TableError> {
    let cut = match std::str::from_utf8(bytes) {
        Err(e) if !is_whole && e.error_len().is_none() => e.valid_up_to(),
        _ => bytes.len(),
    };
    text_of(&bytes[..cut], 1)
}

/// The blocks of a table of text.
pub(crate) struct TextBlocks {
    plan: Plan,
    chunks: Chunks,
    /// Chunks that were read and are no blocks yet; none when all is said.
    ahead: Option<Result<Vec<Chunk>, TableError>>,
    ready: VecDeque<Result<Block, TableError>>,
    /// Rows that were ready so far.
    n_rows: usize,
    /// What the columns of numbers hold by their first values.
    kinds: Vec<Kind>,
    refuses_text: bool,
}

impl TextBlocks {
    /// Bytes read so far.
    pub(crate) fn n_read(&self) -> u64 {
        self.chunks.n_read()
    }

    /// What each column of numbers holds by its first value so far.
    pub(crate) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The next block of a table that has one.
    pub(crate) fn next(&mut self) -> Option<Result<Block, TableError>> {
        while self.ready.is_empty() {
            self.go_on()?;
        }
        self.ready.pop_front()
    }

    /// Reads some chunks while those read before become blocks; nothing when all are.
    fn go_on(&mut self) -> Option<()> {
        let chunks = match self.ahead.take()? {
            Ok(chunks) => chunks,
            Err(error) => {
                self.ready.push_back(Err(error));
                return Some(());
            }
        };
        let n = CHUNKS_PER_THREAD * rayon::current_num_threads();
        let (ahead, parsed) = rayon::join(
            || read(&mut self.chunks, n),
            || -> Vec<Parsed> { chunks.par_iter().map(|c| self.plan.parse(c)).collect() },
        );
        self.ahead = ahead;
        for parsed in parsed {
            let block = self.checked(parsed);
            let is_wrong = block.is_err();
            self.ready.push_back(block);
            if is_wrong {
                self.ahead = None;
                break;
            }
        }
        Some(())
    }

    /// A block, if nothing in it is wrong by what was read before.
    fn checked(&mut self, parsed: Parsed) -> Result<Block, TableError> {
        for (kind, begins) in self.kinds.iter_mut().zip(parsed.kinds) {
            if *kind == Kind::Open {
                *kind = begins;
            }
        }
        let counts = |kind: &Kind| *kind == Kind::Number || self.refuses_text;
        let refused = parsed.refused.into_iter().zip(&self.kinds);
        let refused = refused.filter_map(|(error, kind)| error.filter(|_| counts(kind)));
        // Of one line the fault comes first, as the fields of a row that is no row mean nothing.
        let wrong = parsed.fault.into_iter().chain(refused);
        if let Some(first) = wrong.min_by_key(TableError::line) {
            return Err(first);
        }
        let mut block = parsed.block;
        block.first_row = self.n_rows;
        self.n_rows += block.n_rows();
        Ok(block)
    }
}

/// Some chunks; none at the end.
fn read(chunks: &mut Chunks, n: usize) -> Option<Result<Vec<Chunk>, TableError>> {
    let read: Result<Vec<Chunk>, TableError> =
        (0..n).map_while(|_| chunks.next().transpose()).collect();
    match read {
        Ok(read) if read.is_empty() => None,
        read => Some(read),
    }
}
