//! Tables going out.

use csv::WriterBuilder;

/// A table as CSV text (RFC 4180, lines ending in `\n`): the names of the columns and then the rows. A field that
/// has a comma, a quotation mark or a line break stands in quotation marks. A name that is there already gets a
/// number, so that the table can be read again.
pub fn to_csv(names: &[String], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = WriterBuilder::new().flexible(true).from_writer(Vec::new());
    // Memory does not refuse to be written to.
    let mut write = |record: &[String]| drop(writer.write_record(record));
    write(&distinct(names));
    rows.into_iter().for_each(|row| write(&row));
    writer.into_inner().unwrap_or_default()
}

/// The same names, those that repeat with `_2`, `_3`, … behind them.
fn distinct(names: &[String]) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        let numbered = (2..).map(|i| format!("{name}_{i}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        taken.extend(candidates.find(|candidate| !taken.contains(candidate)));
    }
    taken
}

/// A number as it is written: the shortest text that is read as the same, very large and very small ones with an
/// exponent.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-5..1e15).contains(&size) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    #[test]
    fn numbers_are_short_and_exact() {
        for (value, text) in [
            (1120.0, "1120"),
            (0.1, "0.1"),
            (1e-300, "1e-300"),
            (-2.5e17, "-2.5e17"),
        ] {
            assert_eq!(number(value), text);
            assert_eq!(text.parse(), Ok(value));
        }
    }

    #[test]
    fn names_that_repeat_are_numbered() {
        let names = ["x", "component", "component", "component"].map(String::from);
        assert_eq!(
            distinct(&names),
            ["x", "component", "component_2", "component_3"]
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let names = ["a, b", "c"].map(String::from);
        let text = to_csv(&names, [vec![String::from("1.5"), String::from("-2e-3")]]);
        assert_eq!(text, b"\"a, b\",c\n1.5,-2e-3\n");
        let table = Table::from_bytes(&text).unwrap();
        assert_eq!(table.names(), names);
        assert_eq!(table.numbers(&names).unwrap().values()[(0, 1)], -2e-3);
    }
}
