//! Criteria against the number of components.

use gmm_core::Criteria;
use gmm_figures::Sheet;
use gmm_table::figure::criteria;

use crate::data::Points;

/// BIC, AIC and ICL of every number of components, the least of each ringed.
pub fn selection(points: &Points, candidates: &[Criteria]) -> Sheet {
    let title = format!("Number of components: {}", points.name);
    criteria(&title, points.rows.nrows(), candidates)
}
