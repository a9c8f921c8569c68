//! Which words were taken for which.

use gmm_figures::Sheet;
use gmm_figures::matrix;

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
    let mut sheet = matrix(&rows, &tested.words, ("recognised", "said"));
    sheet.heading(title, &subtitle);
    sheet
}
