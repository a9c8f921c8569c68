//! The density of two columns as a map.

use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Gmm, GmmError};
use gmm_figures::{Axes, Color, Field, Sheet, Stroke, round_numbers, viridis};

use super::page::{log_density, outline};

/// Bands of a map, about.
const BANDS: usize = 9;

/// The colours of a map and its levels, from 0 to the highest density.
#[derive(Debug, Clone)]
pub struct Bands {
    /// The highest density, on the frame or at a mean.
    pub peak: f64,
    levels: Vec<f64>,
    step: f64,
}

impl Bands {
    fn of(field: &Field, model: &Gmm) -> Result<Self, GmmError> {
        // A narrow component may lie between the pixels.
        let at_means = model.log_prob(model.means())?;
        let all = at_means.iter().map(|l| l.exp());
        let peak = all.chain(field.values.iter().copied()).fold(0.0, f64::max);
        // A colour bar has its numbers at the same steps.
        let levels = round_numbers(0.0, peak, BANDS);
        let step = levels.get(1).copied().unwrap_or(peak);
        Ok(Self { peak, levels, step })
    }

    /// White where there is nothing, darker with density; light enough for what is drawn upon it.
    pub fn color(&self, p: f64) -> Color {
        let n_bands = (self.peak / self.step).ceil();
        let share = (p / self.step).floor().min(n_bands - 1.0) / (n_bands - 1.0).max(1.0);
        // The lowest band fades.
        let tint = 0.18 * (p / self.step).min(1.0) + 0.37 * share.sqrt();
        viridis(1.0 - 0.9 * share).mixed(tint, Color(255, 255, 255))
    }
}

/// Axes, filled bands of the density of a mixture in the plane, and contours between them.
///
/// # Errors
/// As [`Gmm::log_prob`].
pub fn map(sheet: &mut Sheet, axes: &Axes, model: &Gmm) -> Result<Bands, GmmError> {
    let mut field = log_density(axes, model)?;
    field.values.iter_mut().for_each(|l| *l = l.exp());
    let bands = Bands::of(&field, model)?;
    axes.clone().without_grid().draw(sheet);
    axes.shade(sheet, &field, |p| bands.color(p));
    for &level in bands.levels.iter().filter(|&&level| level > 0.0) {
        let line = Stroke::new(Color(120, 120, 120), 0.7);
        axes.contour(sheet, &field, level, line);
    }
    Ok(bands)
}

/// Shares of the probability that regions hold, from the smallest region to the largest.
pub(super) const MASSES: [f64; 5] = [0.2, 0.4, 0.6, 0.8, 0.95];

/// Axes and the regions of highest density of a mixture in the plane that hold [`MASSES`]: also where it is low next to
/// a narrow component.
pub(super) fn regions(sheet: &mut Sheet, axes: &Axes, model: &Gmm) -> Result<(), GmmError> {
    const DRAWS: usize = 20_000;
    let levels = model.contour_levels(&MASSES, DRAWS, &mut Xoshiro256Plus::seed_from_u64(42))?;
    let field = log_density(axes, model)?;
    axes.clone().without_grid().draw(sheet);
    axes.shade(sheet, &field, |l| {
        let n_within = levels.iter().filter(|level| l >= **level).count();
        let share = n_within as f64 / MASSES.len() as f64;
        viridis(1.0 - 0.8 * share).mixed(0.55 * share, Color(255, 255, 255))
    });
    for level in levels {
        let line = Stroke::new(Color(120, 120, 120), 0.7);
        axes.contour(sheet, &field, level, line);
    }
    Ok(())
}

/// The components' ellipses at one and two deviations.
pub(super) fn ellipses(
    sheet: &mut Sheet,
    axes: &Axes,
    model: &Gmm,
    stroke: impl Fn(usize) -> Stroke,
) {
    for component in 0..model.n_components() {
        for radius in [1.0, 2.0] {
            axes.line(sheet, outline(model, component, radius), stroke(component));
        }
    }
}
