//! Which words were taken for which.

use gmm_figures::{Sheet, confusion_chart};

use super::Tested;

/// The matrix of what was said against what was recognised.
pub fn matrix_chart(tested: &Tested, title: &str) -> Sheet {
    let counts = tested.matrix();
    let rows: Vec<Vec<usize>> = counts.outer_iter().map(|row| row.to_vec()).collect();
    let subtitle = format!(
        "{} of {} clips recognised, {:.1} %",
        tested.n_right(),
        tested.said.len(),
        100.0 * tested.accuracy()
    );
    let mut sheet = confusion_chart(&tested.words, &rows);
    sheet.heading(title, &subtitle);
    sheet
}
