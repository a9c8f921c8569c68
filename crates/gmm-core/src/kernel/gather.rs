//! Sums of weighted rows, and the moments they make.

use super::{Component, SMALL, diagonal, full, pooled, small, with_size};
use crate::emission;
use crate::moments::{Form, Moments};
use crate::simd::{Pack, Task, Vector, dispatch};
use crate::spare;
use crate::tile::{Columns, Scratch, Tile};

/// The second moments that an M-step needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Which of them.
    pub(crate) form: Form,
    /// Whether only their sum over all components matters. Each component is then given its share Nₖ/N of
    /// the pooled scatter.
    pub(crate) pooled: bool,
}

/// Sums of weighted rows about a centre for each component.
#[derive(Debug, Clone)]
pub(crate) struct Gathering {
    dim: usize,
    form: Form,
    about: About,
}

#[derive(Debug, Clone)]
enum About {
    /// The own centre of each component, one after the other; and one origin, if they are near enough to it.
    Own {
        centres: Vec<f64>,
        origin: Option<Vec<f64>>,
    },
    /// One origin for components at these means, of whose scatters only the sum is wanted.
    Common {
        origin: Vec<f64>,
        means: Vec<Vec<f64>>,
    },
}

/// Σw, Σw(x−c) and Σw(x−c)(x−c)ᵀ of every component, one after the other; with a common origin the last for
/// all components together, after the rest.
#[derive(Debug, Clone)]
pub(crate) struct Sums(Vec<f64>);

impl emission::Sums for Sums {
    fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a += b);
    }
}

impl Drop for Sums {
    fn drop(&mut self) {
        spare::give_back(std::mem::take(&mut self.0));
    }
}

#[cfg(test)]
impl Sums {
    pub(super) fn numbers(&mut self) -> &mut [f64] {
        &mut self.0
    }
}

impl Gathering {
    /// About the means of components, or about their middle where that will do.
    pub(crate) fn of(components: &[Component<'_>], wanted: Wanted) -> Self {
        let means = || components.iter().map(|g| g.mean);
        if wanted.pooled
            && let Some(shared) = pooled::Shared::new(components)
        {
            let origin = shared.origin().to_vec();
            return Self {
                dim: origin.len(),
                form: wanted.form,
                about: About::Common {
                    origin,
                    means: means().map(<[f64]>::to_vec).collect(),
                },
            };
        }
        let mut own = Self::about(wanted.form, means());
        if let About::Own { origin, .. } = &mut own.about
            && own.form == Form::Full
            && own.dim > SMALL
        {
            *origin = pooled::near_middle(components).map(|near| near.origin);
        }
        own
    }

    /// About these centres, of which there is at least one.
    pub(crate) fn about<'c>(form: Form, centres: impl ExactSizeIterator<Item = &'c [f64]>) -> Self {
        let mut centres = centres.peekable();
        let dim = centres.peek().map_or(0, |centre| centre.len());
        let mut all = Vec::with_capacity(centres.len() * dim);
        for centre in centres {
            all.extend_from_slice(centre);
        }
        Self {
            dim,
            form,
            about: About::Own {
                centres: all,
                origin: None,
            },
        }
    }

    /// Numbers in the sums of one component.
    fn stride(&self) -> usize {
        1 + self.dim + self.form.n_entries(self.dim)
    }
}

impl emission::Gathering for Gathering {
    type Stats = Moments;
    type Sums = Sums;

    fn nothing(&self) -> Sums {
        let n = match &self.about {
            About::Own { centres, .. } => centres.len() / self.dim * self.stride(),
            About::Common { means, .. } => means.len() * (1 + self.dim) + self.stride(),
        };
        Sums(spare::zeros(n))
    }

    fn gather(&self, tile: &Tile, weights: &Columns, scratch: &mut Scratch, into: &mut Sums) {
        dispatch(Gather {
            gathering: self,
            tile,
            weights,
            scratch,
            sums: &mut into.0,
        });
    }

    fn statistics(&self, sums: &Sums) -> Vec<Moments> {
        let d = self.dim;
        match &self.about {
            About::Own { centres, origin } => centres
                .chunks_exact(d)
                .zip(sums.0.chunks_exact(self.stride()))
                .map(|(own, sums)| {
                    let (weight, first, second) = (sums[0], &sums[1..=d], &sums[1 + d..]);
                    // Where there are no rows the component stays where it was.
                    let common = origin.as_deref().filter(|_| weight > 0.0);
                    Moments::from_sums(self.form, common.unwrap_or(own), weight, first, second)
                })
                .collect(),
            About::Common { origin, means } => {
                let (parts, all) = sums.0.split_at(means.len() * (1 + d));
                // The scatter about the origin of all rows less that of the means is within components.
                let mut within = Moments {
                    weight: all[0],
                    mean: origin.clone(),
                    scatter: all[1 + d..].to_vec(),
                    form: self.form,
                };
                let mut stats = Vec::with_capacity(means.len());
                for (sums, mean) in parts.chunks_exact(1 + d).zip(means) {
                    let (weight, first) = (sums[0], &sums[1..]);
                    let nothing = vec![0.0; self.form.n_entries(d)];
                    // Where there are no rows the component stays where it was.
                    let centre = if weight > 0.0 { origin } else { mean };
                    stats.push(Moments::from_sums(
                        self.form, centre, weight, first, &nothing,
                    ));
                    if weight > 0.0 {
                        // From the sums: the mean has been rounded to the size of the data.
                        let offset: Vec<f64> = first.iter().map(|s| s / weight).collect();
                        within.add_outer(-weight, &offset);
                    }
                }
                within.at_least_nothing();
                for own in &mut stats {
                    let share = own.weight / within.weight;
                    own.scatter = within.scatter.iter().map(|s| s * share).collect();
                }
                stats
            }
        }
    }

    fn recentred(&self, stats: &[Moments]) -> Option<Self> {
        let about = |form| Self::about(form, stats.iter().map(|s| s.mean.as_slice()));
        let is_far = match &self.about {
            About::Own {
                centres,
                origin: None,
            } => stats
                .iter()
                .zip(centres.chunks_exact(self.dim))
                .any(|(s, centre)| s.is_far_from(centre)),
            About::Own {
                origin: Some(origin),
                ..
            }
            | About::Common { origin, .. } => stats.iter().any(|s| s.is_far_from(origin)),
        };
        is_far.then(|| about(self.form))
    }
}

pub(super) struct Gather<'a> {
    pub(super) gathering: &'a Gathering,
    pub(super) tile: &'a Tile,
    pub(super) weights: &'a Columns,
    pub(super) scratch: &'a mut Scratch,
    pub(super) sums: &'a mut [f64],
}

impl Task for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self {
            gathering,
            tile,
            weights,
            scratch,
            sums,
        } = self;
        let dim = gathering.dim;
        match (&gathering.about, gathering.form) {
            (About::Own { centres, origin }, Form::Full) => {
                let weights = weights.iter(centres.len() / dim);
                let centres = origin.as_ref().unwrap_or(centres);
                gather_full::<V>(tile, weights, centres, scratch, sums);
            }
            (About::Own { centres, .. }, Form::Diagonal) => {
                let weights: Vec<&[Pack]> = weights.iter(centres.len() / dim).collect();
                diagonal::gather::<V>(tile, &weights, centres, scratch, sums);
            }
            (About::Common { origin, means }, form) => {
                let n = means.len();
                let mut differences = std::mem::take(&mut scratch.columns);
                differences.resize(dim + 1, tile.n_packs());
                for (j, c) in origin.iter().enumerate() {
                    let x = tile.columns().column(j).iter();
                    for (x, d) in x.zip(differences.column_mut(j)) {
                        (V::load(x) - V::splat(*c)).store(d);
                    }
                }
                let (parts, all) = sums.split_at_mut(n * (1 + dim));
                pooled::gather_means::<V>(&differences, dim, weights, n, parts);
                let total = differences.column_mut(dim);
                total.fill(Pack::default());
                for w in weights.iter(n) {
                    for (w, total) in w.iter().zip(total.iter_mut()) {
                        (V::load(total) + V::load(w)).store(total);
                    }
                }
                let total = differences.column(dim);
                match form {
                    Form::Full => {
                        gather_full::<V>(tile, [total].into_iter(), origin, scratch, all);
                    }
                    Form::Diagonal => {
                        diagonal::gather::<V>(tile, &[total], origin, scratch, all);
                    }
                }
                scratch.columns = differences;
            }
        }
    }
}

#[inline(always)]
fn gather_full<'w, V: Vector>(
    tile: &Tile,
    weights: impl Iterator<Item = &'w [Pack]>,
    centres: &[f64],
    scratch: &mut Scratch,
    sums: &mut [f64],
) {
    let dim = tile.n_features();
    if dim <= SMALL {
        with_size!(dim, D => small::gather::<V, D>(tile, weights, centres, sums));
    } else {
        full::gather::<V>(tile, weights, centres, scratch, sums);
    }
}
