//! `gmm convert`: from JSON to scikit-learn's parameters and back.

use std::path::PathBuf;

use gmm_cli::clap::{self, Args};
use gmm_cli::{Failure, Outputs, Targets, print};
use gmm_core::CovarianceType;
use gmm_table::model::repeated;
use gmm_table::summary::counted;

use super::fit::bytes_of;
use super::input::{model, named};

/// From JSON to scikit-learn's parameters and back
///
/// An NPZ archive holds weights_, means_, covariances_ (each with or without its last underscore) and covariance_type, as
/// a fitted GaussianMixture has them. What is written can be set as the attributes of one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gmm convert model.json model.npz
  gmm convert model.npz model.json --columns height,weight

Out of scikit-learn:
  np.savez(\"model.npz\", weights=gm.weights_, means=gm.means_, covariances=gm.covariances_,
           covariance_type=gm.covariance_type)
Into scikit-learn:
  z = np.load(\"model.npz\")
  gm = GaussianMixture(len(z[\"weights_\"]), covariance_type=str(z[\"covariance_type\"]))
  for name in (\"weights_\", \"means_\", \"covariances_\", \"precisions_cholesky_\"):
      setattr(gm, name, z[name])")]
pub(super) struct Convert {
    /// Model to read; - is standard input
    from: PathBuf,

    /// Model to write, JSON or NPZ by its ending
    to: PathBuf,

    /// Names for the columns
    #[arg(short, long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,

    /// The type of the covariances, where the archive does not say: full, tied, diag or spherical
    #[arg(long, value_name = "TYPE")]
    covariance: Option<CovarianceType>,
}

pub(super) fn run(task: &Convert, quiet: bool) -> Result<(), Failure> {
    let mut targets = Targets::beside([task.from.as_path()]);
    let to = targets.claim("TO", task.to.clone(), &["json", "npz"])?;
    let mut file = model(&task.from, task.covariance)?;
    if !task.columns.is_empty() {
        if task.columns.len() != file.model.n_features() {
            let line = format!(
                "--columns: {} for a model of {}",
                counted(task.columns.len(), "name"),
                counted(file.model.n_features(), "column")
            );
            return Err(Failure::Usage(line));
        }
        if let Some(name) = repeated(&task.columns).or(task.columns.iter().find(|n| n.is_empty())) {
            let line = format!("--columns: each needs a name of its own, and not \"{name}\"");
            return Err(Failure::Usage(line));
        }
        file.columns = task.columns.clone();
    }
    let mut outputs = Outputs::default();
    outputs.add(&to, &bytes_of(&file, &to)?)?;
    outputs.commit()?;
    if quiet {
        return Ok(());
    }
    let mixture = file.model.mixture()?;
    print(&format!(
        "{}: {} of {}\nmodel   {}",
        named(&task.from),
        counted(mixture.n_components(), "component"),
        counted(mixture.n_features(), "column"),
        to.display()
    ))
}
