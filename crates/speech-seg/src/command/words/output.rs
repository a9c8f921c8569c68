//! Recognised clips as they are written.

use gmm_table::{number, to_csv};
use serde::Serialize;
use speech_seg::words::{Fold, Tested};

/// A report of clips whose words are known.
#[derive(Serialize)]
pub(super) struct JsonTested<'a> {
    clips: usize,
    right: usize,
    accuracy: f64,
    log_loss: f64,
    words: &'a [String],
    /// Rows: what was said; columns: what was recognised.
    matrix: Vec<Vec<usize>>,
    folds: Vec<JsonFold<'a>>,
    wrong: Vec<JsonWrong<'a>>,
}

#[derive(Serialize)]
struct JsonFold<'a> {
    left_out: &'a str,
    clips: usize,
    right: usize,
    accuracy: f64,
}

#[derive(Serialize)]
struct JsonWrong<'a> {
    clip: &'a str,
    said: Option<&'a str>,
    recognized: &'a str,
    posterior: f64,
}

impl<'a> JsonTested<'a> {
    pub(super) fn new(tested: &'a Tested, names: &'a [String], folds: &'a [Fold]) -> Self {
        let word = |k: usize| tested.words[k].as_str();
        let wrong = (0..names.len()).filter(|&i| tested.said[i] != Some(tested.recognized[i].word));
        Self {
            clips: names.len(),
            right: tested.n_right(),
            accuracy: tested.accuracy(),
            log_loss: tested.log_loss(),
            words: &tested.words,
            matrix: tested.matrix().outer_iter().map(|r| r.to_vec()).collect(),
            folds: folds
                .iter()
                .map(|fold| JsonFold {
                    left_out: &fold.name,
                    clips: fold.clips.len(),
                    right: fold.n_right,
                    accuracy: fold.accuracy(),
                })
                .collect(),
            wrong: wrong
                .map(|i| {
                    let found = &tested.recognized[i];
                    JsonWrong {
                        clip: &names[i],
                        said: tested.said[i].map(word),
                        recognized: word(found.word),
                        posterior: found.posteriors[found.word],
                    }
                })
                .collect(),
        }
    }
}

/// Every clip with the word that was said, the one recognised, and the posteriors of all.
pub(super) fn table(tested: &Tested, names: &[String]) -> Vec<u8> {
    let mut head = ["clip", "said", "word", "posterior"]
        .map(String::from)
        .to_vec();
    head.extend(tested.words.iter().map(|word| format!("p_{word}")));
    let rows = names.iter().enumerate().map(|(i, name)| {
        let found = &tested.recognized[i];
        let said = tested.said[i].map_or_else(String::new, |k| tested.words[k].clone());
        let best = found.posteriors[found.word];
        let mut line = vec![
            name.clone(),
            said,
            tested.words[found.word].clone(),
            number(best),
        ];
        line.extend(found.posteriors.iter().map(|p| number(*p)));
        line
    });
    to_csv(&head, rows)
}

/// Folds and all, one to a line, and the most frequent error.
pub(super) fn summary(tested: &Tested, folds: &[Fold]) -> Vec<String> {
    let line = |name: &str, right: usize, of: usize, share: f64| {
        format!("{name:<24} {right:>5} of {of:<5} {:>6.2} %", 100.0 * share)
    };
    let mut lines: Vec<String> = folds
        .iter()
        .map(|fold| line(&fold.name, fold.n_right, fold.clips.len(), fold.accuracy()))
        .collect();
    lines.push(line(
        "all",
        tested.n_right(),
        tested.said.len(),
        tested.accuracy(),
    ));
    let matrix = tested.matrix();
    let errors = matrix.indexed_iter().filter(|((i, j), _)| i != j);
    if let Some(((i, j), count)) = errors.max_by_key(|(_, count)| **count).filter(|e| *e.1 > 0) {
        let (said, found) = (&tested.words[i], &tested.words[j]);
        lines.push(format!(
            "most often '{said}' is taken for '{found}': {count} times"
        ));
    }
    lines
}
