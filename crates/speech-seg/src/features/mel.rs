//! Bands of frequency as wide as the ear's.

/// Where frequencies above the knee of a warp end: at the same highest frequency.
const KNEE: f64 = 0.8;

/// A frequency in Hz on the mel scale, 2595 log₁₀(1 + f/700) (O'Shaughnessy 1987; HTK's).
pub fn mel(hertz: f64) -> f64 {
    2595.0 * (1.0 + hertz / 700.0).log10()
}

/// The frequency in Hz of a place on the mel scale.
pub fn hertz(mel: f64) -> f64 {
    700.0 * (10f64.powf(mel / 2595.0) - 1.0)
}

/// What a filter bank is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bands {
    pub(super) n_filters: usize,
    /// The lowest and the highest frequency, in Hz.
    pub(super) low: f64,
    pub(super) high: f64,
    /// The factor by which frequencies are stretched.
    pub(super) warp: f64,
}

impl Bands {
    /// The corners of the triangles, in Hz: n + 2, equally far apart on the mel scale before they are warped.
    fn corners(&self) -> impl Iterator<Item = f64> + '_ {
        let (low, high) = (mel(self.low), mel(self.high));
        let step = (high - low) / (self.n_filters + 1) as f64;
        (0..self.n_filters + 2).map(move |i| self.warped(hertz(low + step * i as f64)))
    }

    /// A frequency as a throat that is shorter by the factor says it: multiplied up to a knee, from there on along a line to
    /// the highest frequency (Lee & Rose, *IEEE Trans. Speech Audio Process.* 6, 1998).
    fn warped(&self, f: f64) -> f64 {
        let knee = KNEE * self.high * self.warp.recip().min(1.0);
        if f <= knee {
            self.warp * f
        } else {
            let rise = (self.high - self.warp * knee) / (self.high - knee);
            self.warp * knee + rise * (f - knee)
        }
    }
}

/// Triangles of height 1 on the mel scale, each from the middle of the one before to the middle of the next.
#[derive(Debug, Clone)]
pub(super) struct FilterBank {
    filters: Vec<Filter>,
}

#[derive(Debug, Clone)]
struct Filter {
    /// The first bin with a weight.
    first: usize,
    weights: Vec<f64>,
}

impl FilterBank {
    /// Filters over the bins 0 to n/2 of a transform of n samples; none if a triangle is so narrow that no bin is in it.
    pub(super) fn new(bands: &Bands, n: usize, sample_rate: f64) -> Option<Self> {
        let corners: Vec<f64> = bands.corners().map(mel).collect();
        let bins: Vec<f64> = (0..=n / 2)
            .map(|bin| mel(bin as f64 * sample_rate / n as f64))
            .collect();
        let filter = |corners: &[f64]| {
            let (left, middle, right) = (corners[0], corners[1], corners[2]);
            let weight = |m: f64| {
                let rise = (m - left) / (middle - left);
                let fall = (right - m) / (right - middle);
                rise.min(fall)
            };
            let first = bins.iter().position(|&m| m > left)?;
            let within = bins[first..].iter().take_while(|&&m| m < right);
            let weights: Vec<f64> = within.map(|&m| weight(m)).collect();
            (!weights.is_empty()).then_some(Filter { first, weights })
        };
        let filters = corners.windows(3).map(filter).collect::<Option<_>>()?;
        Some(Self { filters })
    }

    /// Power in each band.
    pub(super) fn energies<'a>(&'a self, power: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.filters.iter().map(|filter| {
            let own = &power[filter.first..];
            let terms = filter.weights.iter().zip(own);
            terms.map(|(weight, power)| weight * power).sum()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANDS: Bands = Bands {
        n_filters: 20,
        low: 100.0,
        high: 3800.0,
        warp: 1.0,
    };

    #[test]
    fn the_mel_scale_goes_to_and_fro() {
        assert!((mel(1000.0) - 1000.0).abs() < 0.1);
        for f in [0.0, 50.0, 3999.0] {
            assert!((hertz(mel(f)) - f).abs() < 1e-9);
        }
    }

    #[test]
    fn neighbouring_triangles_add_up_to_one() {
        let bank = FilterBank::new(&BANDS, 512, 8000.0).unwrap();
        for bin in 20..210 {
            let mut one = vec![0.0; 257];
            one[bin] = 1.0;
            assert!(
                (bank.energies(&one).sum::<f64>() - 1.0).abs() < 1e-12,
                "{bin}"
            );
        }
        let many = Bands {
            n_filters: 200,
            ..BANDS
        };
        assert!(FilterBank::new(&many, 256, 8000.0).is_none());
    }

    #[test]
    fn a_warp_multiplies_and_stays_within_the_band() {
        for warp in [0.8, 0.9, 1.1, 1.25] {
            let bands = Bands { warp, ..BANDS };
            assert!((bands.warped(1000.0) - 1000.0 * warp).abs() < 1e-9);
            assert!((bands.warped(3800.0) - 3800.0).abs() < 1e-9);
            let corners: Vec<f64> = bands.corners().collect();
            assert!(corners.is_sorted());
        }
    }
}
