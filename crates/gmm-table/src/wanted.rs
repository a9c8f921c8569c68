//! Which columns of a table are read, and as what.

use std::collections::{HashMap, HashSet};

use crate::error::{TableError, shown, unknown};

/// What is wanted of a table: numbers of some columns, texts of some, of a column both if need be.
///
/// Columns are named, or where no column is called so numbered from 1; spaces around a name do not count, and a
/// column that is named twice for one purpose is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    numbers: Choice,
    texts: Choice,
    except: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Choice {
    /// All: of numbers, those that hold any.
    All,
    Named(Vec<String>),
}

impl Wanted {
    /// The numbers of these columns, in this order. Text in them is refused.
    pub fn numbers<N: AsRef<str>>(names: &[N]) -> Self {
        Self {
            numbers: Choice::Named(owned(names)),
            texts: Choice::Named(Vec::new()),
            except: Vec::new(),
        }
    }

    /// The numbers of all columns whose first value that is there is a number, in the order of the table. Text
    /// further down in one of them is refused.
    pub fn all_numeric() -> Self {
        Self {
            numbers: Choice::All,
            ..Self::numbers::<&str>(&[])
        }
    }

    /// All columns as texts.
    pub fn all_text() -> Self {
        Self {
            texts: Choice::All,
            ..Self::numbers::<&str>(&[])
        }
    }

    /// But for the numbers of these columns.
    #[must_use]
    pub fn except<N: AsRef<str>>(mut self, names: &[N]) -> Self {
        self.except.extend(owned(names));
        self
    }

    /// The texts of these columns too, in this order.
    #[must_use]
    pub fn and_text<N: AsRef<str>>(mut self, names: &[N]) -> Self {
        if let Choice::Named(texts) = &mut self.texts {
            texts.extend(owned(names));
        }
        self
    }

    /// Whether columns of numbers were named.
    pub(crate) fn names_numbers(&self) -> bool {
        self.numbers != Choice::All
    }

    /// The columns by their places in the table, with what is known of each from its first value.
    pub(crate) fn columns(&self, names: &[String], kinds: &[Kind]) -> Result<Columns, TableError> {
        let except: HashSet<usize> = places(&self.except, names)?.into_iter().collect();
        let numbers = match &self.numbers {
            Choice::Named(wanted) => places(wanted, names)?,
            Choice::All => (0..names.len())
                .filter(|c| kinds[*c] != Kind::Text)
                .collect(),
        };
        let texts = match &self.texts {
            Choice::Named(wanted) => places(wanted, names)?,
            Choice::All => (0..names.len()).collect(),
        };
        let numbers: Vec<usize> = numbers
            .into_iter()
            .filter(|c| !except.contains(c))
            .collect();
        let kind = |c: &usize| match self.numbers {
            Choice::Named(_) => Kind::Number,
            Choice::All => kinds[*c],
        };
        Ok(Columns {
            kinds: numbers.iter().map(kind).collect(),
            numbers,
            texts,
        })
    }
}

fn owned<N: AsRef<str>>(names: &[N]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().to_owned()).collect()
}

/// What a column holds, by its first value that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// None was seen yet.
    Open,
    Number,
    Text,
}

/// The columns that are read, by their places in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) numbers: Vec<usize>,
    /// What each column of numbers holds; one that was named is of numbers.
    pub(crate) kinds: Vec<Kind>,
    pub(crate) texts: Vec<usize>,
}

fn places(wanted: &[String], names: &[String]) -> Result<Vec<usize>, TableError> {
    let by_name: HashMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    let mut is_taken = vec![false; names.len()];
    let mut places = Vec::with_capacity(wanted.len());
    for name in wanted {
        let place = match by_name.get(name.trim()) {
            Some(place) => *place,
            None => place(name, names)?,
        };
        if std::mem::replace(&mut is_taken[place], true) {
            let name = shown(&names[place]);
            return Err(TableError::NamedTwice { name });
        }
        places.push(place);
    }
    Ok(places)
}

/// The place of a column that is named, or numbered from 1 where no column is called so.
pub(crate) fn place(name: &str, names: &[String]) -> Result<usize, TableError> {
    let name = name.trim();
    let named = names.iter().position(|n| n == name);
    let numbered = || {
        let place = name.parse::<usize>().ok()?.checked_sub(1)?;
        (place < names.len()).then_some(place)
    };
    named.or_else(numbered).ok_or_else(|| unknown(name, names))
}
