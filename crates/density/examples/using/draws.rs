//! Draws with something fixed or balanced.

use std::error::Error;

use gmm_core::Gmm;
use gmm_core::ndarray::{Array1, Array2, Axis};

use crate::curve::share;
use crate::data::{rows, seeded};

/// The variance of estimates by three kinds of draws, and draws of some columns given others.
pub(crate) fn draws() -> Result<String, Box<dyn Error>> {
    const TIMES: usize = 200;
    const N: usize = 100;
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let gmm = Gmm::params(2).fit_report(&x)?.model;
    let mut rng = seeded(1);
    let (given, _) = gmm.sample_given(&[1], &[67.0], 1000, &mut rng)?; // column 1 is 67 in all
    let (balanced, _) = gmm.sample_stratified(N, &mut rng);
    let (mirrored, _) = gmm.sample_antithetic(N, &mut rng);

    let mut text = format!(
        "given 67 min: mean duration {:.3}, above 3 min {:.3}; {} {}\n",
        given.column(0).mean().unwrap_or_default(),
        share(given.column(0).iter().map(|d| *d > 3.0)),
        balanced.nrows(),
        mirrored.nrows()
    );
    type Statistic = fn(&Array1<f64>) -> f64;
    let statistics: [(&str, Statistic); 3] = [
        ("mean", |w| w.mean().unwrap_or_default()),
        ("mean square", |w| {
            w.mapv(|w| w * w).mean().unwrap_or_default()
        }),
        ("share above 85 min", |w| share(w.iter().map(|w| *w > 85.0))),
    ];
    let after = gmm.regression(&[0])?.conditional(&[4.5])?;
    for (of, model, column) in [("Old Faithful", &gmm, 1), ("after 4.5 min", &after, 0)] {
        let mut variances = Vec::new();
        for way in 0..3 {
            let mut found = Array2::zeros((TIMES, statistics.len()));
            for mut row in found.outer_iter_mut() {
                let (drawn, _) = match way {
                    0 => model.sample(N, &mut rng),
                    1 => model.sample_stratified(N, &mut rng),
                    _ => model.sample_antithetic(N, &mut rng),
                };
                let waiting = drawn.column(column).to_owned();
                row.assign(&Array1::from_iter(statistics.iter().map(|s| s.1(&waiting))));
            }
            variances.push(found.var_axis(Axis(0), 1.0));
        }
        for (i, (name, _)) in statistics.iter().enumerate() {
            let [independent, stratified, antithetic] =
                [0, 1, 2].map(|way: usize| variances[way][i]);
            text += &format!(
                "{of}, {name}: {independent:.3e} independent, {:.4} of it stratified, {:.4} antithetic\n",
                stratified / independent,
                antithetic / independent
            );
        }
    }
    Ok(text)
}
