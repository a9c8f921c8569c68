//! Bars whose areas are shares.

/// Counts of values in equal bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// The lower edge of each bin and the upper edge of the last.
    pub edges: Vec<f64>,
    /// Share of the values in each bin, divided by its width.
    pub densities: Vec<f64>,
}

impl Histogram {
    /// `n_bins` equal bins from the least value to the greatest. Values that are not finite are left out.
    pub fn of(values: &[f64], n_bins: usize) -> Self {
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        });
        let n_bins = n_bins.max(1);
        // One value alone has a bin of width 1 around it, as numpy's `histogram` gives it.
        let (low, high) = match low.partial_cmp(&high) {
            Some(std::cmp::Ordering::Less) => (low, high),
            Some(std::cmp::Ordering::Equal) => (low - 0.5, high + 0.5),
            _ => (0.0, 1.0),
        };
        let width = (high - low) / n_bins as f64;
        let mut counts = vec![0usize; n_bins];
        for value in finite() {
            counts[(((value - low) / width) as usize).min(n_bins - 1)] += 1;
        }
        let total = counts.iter().sum::<usize>().max(1) as f64;
        Self {
            edges: (0..=n_bins).map(|i| low + width * i as f64).collect(),
            densities: counts.iter().map(|&c| c as f64 / total / width).collect(),
        }
    }

    /// The lower and upper edge and the density of each bin.
    pub fn bins(&self) -> impl Iterator<Item = ((f64, f64), f64)> {
        let edges = self.edges.windows(2).map(|e| (e[0], e[1]));
        edges.zip(self.densities.iter().copied())
    }

    /// The highest density.
    pub fn peak(&self) -> f64 {
        self.densities.iter().copied().fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_areas_add_up_to_one() {
        let values: Vec<f64> = (0..100).map(|i| f64::from(i).sqrt()).collect();
        let histogram = Histogram::of(&values, 7);
        let area: f64 = histogram.bins().map(|((a, b), d)| (b - a) * d).sum();
        assert!((area - 1.0).abs() < 1e-12);
        assert_eq!(histogram.edges.len(), 8);
    }

    #[test]
    fn equal_values_and_none_are_no_trouble() {
        assert_eq!(Histogram::of(&[2.0; 4], 1).densities, [1.0]);
        assert_eq!(Histogram::of(&[], 3).densities, [0.0; 3]);
        assert_eq!(
            Histogram::of(&[f64::NAN, 1.0, 2.0], 2).densities,
            [1.0, 1.0]
        );
    }
}
