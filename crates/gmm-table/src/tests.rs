//! The same table from pieces of any size, written in any way.

use proptest::prelude::*;

use crate::{Format, Source, Table, TableError, Wanted};

fn read(text: &str, chunk: usize, wanted: &Wanted) -> Result<Table, TableError> {
    let source = Source::from_bytes(text, &Format::default())?;
    source.in_chunks_of(chunk).read(wanted, &|_, _| {})
}

/// What a table says, row by row.
fn said(table: &Table) -> (Vec<usize>, Vec<Vec<u64>>, Vec<Vec<String>>) {
    let numbers = table.clone().into_array();
    let bits = |row: ndarray::ArrayView1<'_, f64>| row.iter().map(|v| v.to_bits()).collect();
    let texts = table
        .columns()
        .map(|c| c.texts().map(String::from).collect());
    (
        table.lines(),
        numbers.rows().into_iter().map(bits).collect(),
        texts.collect(),
    )
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<f64>().prop_filter("finite", |v| v.is_finite()).prop_map(|v| v.to_string()),
        4 => (-1e3..1e3f64).prop_map(|v| format!("{v:.3}")),
        2 => prop::sample::select(vec!["NA", "", "nan", "?", ".", "null"]).prop_map(String::from),
        1 => prop::sample::select(vec!["x", "one, two", "say \"y\"", "a\nb", "a\r\nb", "é", "1,5", "inf"])
            .prop_map(String::from),
    ]
}

/// A field as it may stand in a file, in quotes if it must or shall.
fn written(field: &str, in_quotes: bool) -> String {
    if in_quotes || field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_string()
    }
}

proptest! {
    #[test]
    fn any_way_of_writing_and_reading_is_the_same_table(
        rows in prop::collection::vec(prop::collection::vec((field(), any::<bool>(), 0..9u8), 3), 1..30),
        crlf in any::<bool>(),
        chunk in 1usize..200,
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("a,b,c{end}");
        for row in &rows {
            let fields = row.iter().map(|(f, quoted, _)| written(f, *quoted));
            text += &fields.collect::<Vec<_>>().join(",");
            text += end;
            // A blank line now and then.
            if row[0].2 == 0 {
                text += end;
            }
        }
        let table = read(&text, chunk, &Wanted::all_text()).unwrap();
        let (_, _, texts) = said(&table);
        for (j, texts) in texts.iter().enumerate() {
            let expected: Vec<&str> = rows.iter().map(|row| row[j].0.as_str()).collect();
            prop_assert_eq!(texts, &expected);
        }
        let wanted = Wanted::all_numeric().and_text(&["b"]);
        let (whole, pieces) = (read(&text, 1 << 20, &wanted), read(&text, chunk, &wanted));
        prop_assert_eq!(whole.as_ref().err(), pieces.as_ref().err());
        if let (Ok(whole), Ok(pieces)) = (whole, pieces) {
            prop_assert_eq!(whole.number_names(), pieces.number_names());
            prop_assert_eq!(said(&whole), said(&pieces));
            prop_assert_eq!(whole.number_names(), table.numeric_columns().unwrap());
            let asked = table.numbers(&whole.number_names()).unwrap().into_values();
            let bits = |v: f64| v.to_bits();
            prop_assert_eq!(whole.into_array().mapv(bits), asked.mapv(bits));
        }
    }

    #[test]
    fn any_text_is_read_or_refused_alike_in_pieces_of_any_size(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "1", "-2.5", ",", ",", ",", "\n", "\n", "\r\n", "\r", "\"", " ", "NA", "x", "inf", "é", "1;5",
            ]),
            0..80,
        ),
        chunk in 1usize..40,
    ) {
        let text = pieces.concat();
        for wanted in [Wanted::all_text(), Wanted::all_numeric().and_text(&["1"])] {
            let (whole, pieces) = (read(&text, 1 << 20, &wanted), read(&text, chunk, &wanted));
            prop_assert_eq!(whole.as_ref().map(said), pieces.as_ref().map(said), "{:?}", text);
        }
    }
}
