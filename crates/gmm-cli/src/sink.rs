//! Output that is written as it comes, and still complete or not there.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Seek, SeekFrom, Stdout, Write};
use std::path::{Path, PathBuf};

use gmm_files::reason;
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::output::{Draft, cannot_write};

/// One output of any length: standard output, a device, or a file that takes its name when it is complete.
///
/// What is still held back when it is dropped unfinished is not written.
#[derive(Debug)]
pub struct Sink {
    name: String,
    /// None once it is finished.
    out: Option<Out>,
    is_closed: bool,
}

#[derive(Debug)]
enum Out {
    Standard(BufWriter<Stdout>),
    Device(BufWriter<File>),
    Beside(PathBuf, BufWriter<NamedTempFile>),
}

impl Sink {
    /// The output of this name; `-` and none are standard output.
    ///
    /// # Errors
    /// [`Failure::Work`] naming the path, if it is a folder or cannot be written to.
    pub fn to(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            let out = Out::Standard(BufWriter::new(io::stdout()));
            let name = String::from("standard output");
            return Ok(Self {
                name,
                out: Some(out),
                is_closed: false,
            });
        };
        let out = match Draft::of(path)? {
            Draft::Beside(target, file) => Out::Beside(target, BufWriter::new(file)),
            Draft::Device(target) => {
                let opened = OpenOptions::new().write(true).open(target);
                let device = opened.map_err(|e| cannot_write(path, &reason(&e)))?;
                Out::Device(BufWriter::new(device))
            }
        };
        Ok(Self {
            name: path.display().to_string(),
            out: Some(out),
            is_closed: false,
        })
    }

    /// Whether what was written can be gone back to.
    pub fn is_file(&self) -> bool {
        matches!(self.out, Some(Out::Beside(..)))
    }

    /// Whether it turned out that nobody reads it any more.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Ends it: a file takes its name.
    ///
    /// # Errors
    /// [`Failure::Work`] naming the output; [`Failure::Closed`] where nobody reads it.
    pub fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.flush();
        if self.is_closed {
            return Err(Failure::Closed);
        }
        let cannot = |error: &io::Error| cannot_write(Path::new(&self.name), &reason(error));
        flushed.map_err(|e| cannot(&e))?;
        if let Some(Out::Beside(target, file)) = self.out.take() {
            let file = file.into_inner().map_err(|e| cannot(e.error()))?;
            file.persist(target).map_err(|e| cannot(&e.error))?;
        }
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        match self.out.take() {
            Some(Out::Standard(out)) => drop(out.into_parts()),
            Some(Out::Device(out)) => drop(out.into_parts()),
            Some(Out::Beside(_, out)) => drop(out.into_parts()),
            None => {}
        }
    }
}

impl Sink {
    fn writer(&mut self) -> io::Result<&mut dyn Write> {
        match &mut self.out {
            Some(Out::Standard(out)) => Ok(out),
            Some(Out::Device(out)) => Ok(out),
            Some(Out::Beside(_, out)) => Ok(out),
            None => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    fn noticed<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &done {
            self.is_closed |= error.kind() == ErrorKind::BrokenPipe;
        }
        done
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer()?.write(bytes);
        self.noticed(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.writer()?.flush();
        self.noticed(flushed)
    }
}

impl Seek for Sink {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.out {
            Some(Out::Beside(_, out)) => out.seek(to),
            _ => Err(ErrorKind::NotSeekable.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut sink = Sink::to(Some(&path)).unwrap();
        sink.write_all(b"one").unwrap();
        assert!(!path.exists());
        sink.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        let mut given_up = Sink::to(Some(&folder.path().join("b.csv"))).unwrap();
        given_up.write_all(b"two").unwrap();
        drop(given_up);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("missing/c.csv");
        let refused = Sink::to(Some(&nowhere)).unwrap_err().to_string();
        assert!(refused.contains("missing/c.csv"), "{refused}");
    }
}
