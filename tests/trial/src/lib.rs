//! Runs a program in a folder of its own and checks how it behaves, for the tests of command lines.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A program and a folder that is its own, and goes away with it.
#[derive(Debug)]
pub struct Trial {
    program: PathBuf,
    folder: TempDir,
}

impl Trial {
    /// The program at this path, as `env!("CARGO_BIN_EXE_name")` says it, in an empty folder.
    pub fn of(program: &str) -> Self {
        Self {
            program: PathBuf::from(program),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The program, to be run in the folder.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(self.path());
        command
    }

    /// Runs the program.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command().args(args).output().unwrap()
    }

    /// Runs it to a good end, and says what it said.
    pub fn said(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it to a good end with its report on standard output.
    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.said(&[args, &["--json", "-"]].concat())).unwrap()
    }

    /// Runs it to a bad end: the refusal must be one line on standard error with these words, and nothing may be
    /// left behind.
    pub fn refused(&self, args: &[&str], code: i32, words: &[&str]) {
        let before = self.names();
        let output = self.run(args);
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {line}");
        assert_eq!(line.matches('\n').count(), 1, "{args:?}: {line}");
        assert!(line.starts_with("error: "), "{args:?}: {line}");
        for word in words {
            assert!(line.contains(word), "{args:?}: '{word}' is not in {line}");
        }
        assert!(output.stdout.is_empty(), "{args:?}");
        assert_eq!(self.names(), before, "{args:?} left something behind");
    }

    /// Runs it to a good end on 1, 2 and 3 threads: it must say the same and write the same bytes to these files.
    pub fn same_on_any_threads(&self, args: &[&str], files: &[&str]) {
        let mut first = None;
        for threads in ["1", "2", "3"] {
            let mut command = self.command();
            let output = command
                .args(args)
                .env("RAYON_NUM_THREADS", threads)
                .output();
            let output = output.unwrap();
            assert!(output.status.success(), "{args:?}: {output:?}");
            let bytes = |name: &&str| fs::read(self.path().join(name)).unwrap();
            let all = (output.stdout, files.iter().map(bytes).collect::<Vec<_>>());
            let is_same = first.get_or_insert_with(|| all.clone()) == &all;
            assert!(is_same, "{args:?} on {threads} threads");
        }
    }

    /// The names in the folder, in order.
    pub fn names(&self) -> Vec<String> {
        names(self.path())
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    /// A file as text.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Lines and fields of a CSV file without quotation marks.
    pub fn csv(&self, name: &str) -> Vec<Vec<String>> {
        let fields = |line: &str| line.split(',').map(String::from).collect();
        self.read(name).lines().map(fields).collect()
    }
}

impl AsRef<Path> for Trial {
    fn as_ref(&self) -> &Path {
        self.path()
    }
}

/// The names in a folder, in order.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A line of the kernel's account of this process, in MiB: `VmRSS` is what it has in memory now, `VmHWM` the most it had.
/// Of Linux only.
pub fn memory(name: &str) -> usize {
    let all = fs::read_to_string("/proc/self/status").unwrap();
    let line = all.lines().find(|l| l.starts_with(name)).unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024
}
