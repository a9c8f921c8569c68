//! What is refused, and in which words.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use gmm_table::{Table, TableError};

/// Why a table cannot be read.
fn refusal(bytes: impl AsRef<[u8]>) -> String {
    one_line(&Table::from_bytes(bytes.as_ref()).unwrap_err())
}

/// Why a column of a table is not numbers.
fn refused_column(text: &str, name: &str) -> String {
    let table = Table::from_bytes(text.as_bytes()).unwrap();
    one_line(&table.numbers(&[name]).unwrap_err())
}

fn one_line(error: &TableError) -> String {
    let message = error.to_string();
    assert!(!message.contains(char::is_control), "{message:?}");
    message
}

#[test]
fn paths() {
    let folder = tempfile::tempdir().unwrap();
    let read = |path: &Path| one_line(&Table::read(path).unwrap_err());
    assert_eq!(
        read(&folder.path().join("none.csv")),
        "there is no such file"
    );
    assert_eq!(read(Path::new("")), "there is no such file");
    assert_eq!(read(folder.path()), "it is a folder");
    // The length of a file is no reason: this one of 4 GiB is refused for its first bytes. None is on the disk.
    let long = folder.path().join("long.csv");
    fs::File::create(&long).unwrap().set_len(1 << 32).unwrap();
    assert_eq!(read(&long), "not a text table: line 1 has NUL bytes");
}

#[test]
fn what_is_no_text() {
    assert_eq!(
        refusal(b"a,b\n1,\0\n"),
        "not a text table: line 2 has NUL bytes"
    );
    // UTF-16, as spreadsheets call "Unicode text".
    assert_eq!(
        refusal(b"\xff\xfea\0\n\0"),
        "not a text table: line 1 has NUL bytes"
    );
    // Latin-1.
    assert_eq!(
        refusal(b"a,b\r\n1,2\r\n3,\xe4\r\n"),
        "line 3 is not UTF-8 text"
    );
}

#[test]
fn what_is_no_table() {
    for empty in ["", "\n", "\u{feff}", " \r\n\r\n"] {
        assert_eq!(refusal(empty), "the table is empty");
    }
    for header in ["a,b\n", "a", "\n\na\tb\n\n"] {
        assert_eq!(
            refusal(header),
            "there are no rows below the names of the columns"
        );
    }
    assert_eq!(
        refusal(",".repeat(70_000)),
        "line 1 has more than the 65536 columns that are read"
    );
}

#[test]
fn rows_of_other_lengths() {
    assert_eq!(
        refusal("a,b,c\n1,2,3\n\n1,2\n"),
        "line 4 has 2 fields, where line 1 has 3"
    );
    assert_eq!(
        refusal("\n1,2\n3\n"),
        "line 3 has 1 field, where line 2 has 2"
    );
    assert_eq!(
        refusal("a;b\r\n1;2\r\n3;4;\r\n"),
        "line 3 has 3 fields, where line 1 has 2"
    );
    assert_eq!(
        refusal("a,b\n1,2\n3,\"4\n5,6\n"),
        "line 3: a quotation mark opens a field that never ends"
    );
}

#[test]
fn names() {
    assert_eq!(
        refusal("x,y,x\n1,2,3\n"),
        "columns 1 and 3 are both called \"x\""
    );
    // The first column has no name, so that it is called by its number.
    assert_eq!(
        refusal(",1,x\n1,2,3\n"),
        "columns 1 and 2 are both called \"1\""
    );
    assert_eq!(
        refused_column("x,y\n1,2\n", "z"),
        "there is no column \"z\"; there are \"x\", \"y\""
    );
    let header: Vec<String> = (0..13).map(|i| format!("c{i}")).collect();
    let wide = format!("{}\n{}\n", header.join(","), vec!["1"; 13].join(","));
    assert_eq!(
        refused_column(&wide, "c\n13"),
        "there is no column \"c 13\"; there are \"c0\", \"c1\", \"c2\", \"c3\", \"c4\", \"c5\", \"c6\", \"c7\", \
         \"c8\", \"c9\" and 3 more"
    );
}

#[test]
fn what_is_no_number() {
    assert_eq!(
        refused_column("x,y\n1,2\n\n3,four\n", "y"),
        "line 4, column \"y\": \"four\" is not a number"
    );
    assert_eq!(
        refused_column("x,y\n1,\"five\nand\tsix\"\n", "2"),
        "line 2, column \"y\": \"five and six\" is not a number"
    );
    let long = format!("x\n{}\n", "ä".repeat(100));
    assert_eq!(
        refused_column(&long, "x"),
        format!(
            "line 2, column \"x\": \"{}…\" is not a number",
            "ä".repeat(40)
        )
    );
    assert_eq!(
        refused_column("x;y\n1,5;2\n", "x"),
        "line 2, column \"x\": \"1,5\" has a comma, numbers are read with a decimal point"
    );
    for infinite in ["inf", "-Infinity", "1e999", "-1e400"] {
        assert_eq!(
            refused_column(&format!("x\n1\n{infinite}\n"), "x"),
            format!("line 3, column \"x\": \"{infinite}\" is infinite or too large")
        );
    }
}

#[test]
fn an_infinite_number_is_not_overlooked() {
    let table = Table::from_bytes(b"x,y\n1,inf\n2,3\n").unwrap();
    assert_eq!(table.numeric_columns().unwrap(), ["x", "y"]);
    assert!(table.numbers(&table.numeric_columns().unwrap()).is_err());
}

#[test]
fn no_bytes_panic() {
    let pieces: [&[u8]; 14] = [
        b"a",
        b"1",
        b",",
        b";",
        b"\t",
        b"\n",
        b"\r",
        b"\"",
        b" ",
        b"NA",
        b"inf",
        b"\xc3\xa9",
        b"\xff",
        b"\xef\xbb\xbf",
    ];
    // All sequences of three pieces, twice over.
    for code in 0..pieces.len().pow(3) {
        let digits = [0, 1, 2].map(|i| code / pieces.len().pow(i) % pieces.len());
        let once = digits.map(|digit| pieces[digit]).concat();
        let Ok(table) = Table::from_bytes(&once.repeat(2)) else {
            continue;
        };
        for column in table.columns() {
            assert_eq!(column.texts().count(), table.n_rows());
            let has_infinity = column.texts().any(|text| text == "inf");
            let is_refused =
                has_infinity || !column.is_numeric() && column.n_missing() < table.n_rows();
            assert_eq!(
                column.numbers().is_err(),
                is_refused,
                "{:?}",
                once.as_slice()
            );
        }
    }
}
