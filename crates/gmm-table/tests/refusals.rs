//! What is refused, and in which words.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use gmm_table::{Format, Source, Table, TableError, Wanted};

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
        "it is text in UTF-16; save it as UTF-8"
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

/// Why the wanted columns of a table cannot be read.
fn refused(text: impl Into<Vec<u8>>, wanted: &Wanted) -> String {
    let source = Source::from_bytes(text, &Format::default());
    one_line(&source.and_then(|s| s.read(wanted, &|_, _| {})).unwrap_err())
}

#[test]
fn names_that_are_nearly_right() {
    let near = |name: &str| refused("height,width,mass\n1,2,3\n", &Wanted::numbers(&[name]));
    let known = "there are \"height\", \"width\", \"mass\"";
    for misspelt in ["heigth", "Height", "hight"] {
        assert_eq!(
            near(misspelt),
            format!("there is no column \"{misspelt}\"; did you mean \"height\"? {known}")
        );
    }
    assert_eq!(
        near("length"),
        format!("there is no column \"length\"; {known}")
    );
    let except = Wanted::all_numeric().except(&["mas"]);
    assert_eq!(
        refused("mass\n1\n", &except),
        "there is no column \"mas\"; did you mean \"mass\"? there are \"mass\""
    );
}

#[test]
fn columns_of_mixed_kinds() {
    let all = Wanted::all_numeric();
    assert_eq!(
        refused("x,y\n1,a\n,b\ntwo,c\n", &all),
        "line 4, column \"x\": \"two\" is not a number"
    );
    // The first bad line is said, whatever is wrong further down.
    assert_eq!(
        refused("x,y\n1,2\n1,inf\n3,z\n1\n", &all),
        "line 3, column \"y\": \"inf\" is infinite or too large"
    );
    assert_eq!(
        refused("x,y\n1,2\n1\n3,z\n", &all),
        "line 3 has 1 field, where line 1 has 2"
    );
    assert_eq!(
        refused("class\na\n", &Wanted::numbers(&["class"])),
        "line 2, column \"class\": \"a\" is not a number"
    );
    let source = Source::from_bytes("x,y,class\n1,,a\n,NA,b\n", &Format::default()).unwrap();
    let table = source
        .read(&Wanted::numbers(&["x", "y"]), &|_, _| {})
        .unwrap();
    assert_eq!(
        one_line(&table.require_values().unwrap_err()),
        "column \"y\" has no value in any row"
    );
    assert_eq!(
        one_line(&table.text("class").unwrap_err()),
        "column \"class\" was not read"
    );
}

#[test]
fn what_is_wrong_far_down_is_named_by_its_line() {
    let mut text = String::from("x,y\n");
    (0..400_000).for_each(|i| text += &format!("{i}.5,{}\n", i * 2));
    let all = Wanted::all_numeric();
    assert_eq!(
        refused(format!("{text}1,2\n7\n1,b\n"), &all),
        "line 400003 has 1 field, where line 1 has 2"
    );
    let mut latin = format!("{text}1,2\n").into_bytes();
    latin.extend(b"3,\xe4\n");
    assert_eq!(refused(latin, &all), "line 400003 is not UTF-8 text");
    assert_eq!(
        refused(format!("{text}1,\0\n"), &all),
        "not a text table: line 400002 has NUL bytes"
    );
    assert_eq!(
        refused(format!("{text}1,\"2\n3,4\n"), &all),
        "line 400002: a quotation mark opens a field that never ends"
    );
    // A column whose first value is a text is none of numbers, however late that value comes.
    let late = |last: &str| {
        let text = format!(
            "{}{last}",
            text.replace('\n', ",\n").replacen("y,", "y,z", 1)
        );
        let source = Source::from_bytes(text, &Format::default()).unwrap();
        let table = source.read(&Wanted::all_numeric(), &|_, _| {}).unwrap();
        table.number_names()
    };
    assert_eq!(late("1,2,late\n"), ["x", "y"]);
    assert_eq!(late("1,2,3\n"), ["x", "y", "z"]);
}

#[test]
fn what_is_said_of_a_file_must_make_sense() {
    let read = |format: Format| one_line(&Source::from_bytes("a b\n1 2\n", &format).unwrap_err());
    for byte in [b'"', b'\n', 200] {
        let format = Format {
            delimiter: Some(byte),
            ..Format::default()
        };
        assert_eq!(
            read(format),
            format!("fields cannot be parted by {:?}", char::from(byte))
        );
    }
}

#[test]
fn forms_that_are_not_what_their_names_say() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        one_line(&Source::open(&path, &Format::default()).unwrap_err())
    };
    let npy = b"\x93NUMPY\x01\0";
    for (name, bytes, message) in [
        (
            "x.npy",
            &b"a,b\n1,2\n"[..],
            "not an NPY file: it begins like a text table",
        ),
        (
            "x.parquet",
            b"a,b\n1,2\n",
            "not a Parquet file: it begins like a text table",
        ),
        ("x.csv", npy, "not a text table: it begins like an NPY file"),
        ("x.npz", npy, "not an NPZ file: it begins like an NPY file"),
        ("x.npy", npy, "the file is cut short"),
        ("x.npy", b"", "the table is empty"),
        (
            "x.csv.gz",
            b"\x1f\x8b\x08\0",
            "it is compressed with gzip; unpack it first",
        ),
        ("x.npz", b"PK\x03\x04", "not a readable NPZ file: "),
        (
            "x.xls",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "it is an old spreadsheet or document; save the table as CSV",
        ),
    ] {
        let found = read(name, bytes);
        assert!(found.starts_with(message), "{name}: {found}");
    }
}

#[test]
fn rows_are_handed_out_until_something_is_wrong() {
    let mut text = String::from("x\n");
    (0..1_000_000).for_each(|i| text += &format!("{i}.25\n"));
    text += "end\n";
    let n_bytes = text.len() as u64;
    let source = Source::from_bytes(text, &Format::default()).unwrap();
    let seen = std::cell::Cell::new(0);
    let observe = |read: u64, all: Option<u64>| {
        assert!(read >= seen.replace(read) && all == Some(n_bytes));
    };
    let mut blocks = source.blocks(&Wanted::all_numeric(), &observe).unwrap();
    let mut n_rows = 0;
    let refused = loop {
        match blocks.next() {
            Some(Ok(block)) => {
                assert_eq!(block.first_row(), n_rows);
                assert_eq!(block.line(0), n_rows + 2);
                assert_eq!(block.numbers()[(0, 0)], n_rows as f64 + 0.25);
                n_rows += block.n_rows();
            }
            Some(Err(error)) => break one_line(&error),
            None => break String::new(),
        }
    };
    assert_eq!(
        refused,
        "line 1000002, column \"x\": \"end\" is not a number"
    );
    assert!(n_rows > 500_000 && blocks.next().is_none());
    drop(blocks);
    assert_eq!(seen.get(), n_bytes);
}
