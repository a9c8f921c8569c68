//! Whether forecasts are calibrated.

use gmm_figures::{
    Axes, BELOW, BLUE, Color, Fill, Frame, HEADING, Key, LEFT, Sheet, Stroke, TEXT, legend,
};

use crate::score::counts;

const WIDTH: u32 = 760;
const HEIGHT: u32 = 460;
const MARGIN: u32 = 24;
const LEGEND: u32 = 34;
const BARS: Fill = Fill::new(BLUE).opacity(0.65);
const BAND: Fill = Fill::new(Color(110, 110, 110)).opacity(0.22);
const END: Stroke = Stroke::new(Color(110, 110, 110), 1.0);
const EVEN: Stroke = Stroke::new(TEXT, 1.4);
/// The probability of the band.
const LEVEL: f64 = 0.95;

/// The histogram of probability integral transforms: flat, if the values come as often as was forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct PitChart {
    /// What it shows.
    pub title: String,
    /// More of that.
    pub subtitle: String,
    /// P(X ≤ value) of each forecast.
    pub pit: Vec<f64>,
    /// Number of bars.
    pub n_bars: usize,
}

impl PitChart {
    /// The figure.
    pub fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::new(WIDTH, HEIGHT);
        sheet.heading(&self.title, &self.subtitle);
        let y = HEADING as u32 + LEGEND;
        let frame = Frame {
            x: LEFT + MARGIN,
            y,
            width: WIDTH - LEFT - 2 * MARGIN,
            height: HEIGHT - y - BELOW,
        };
        let n_bars = self.n_bars.max(1);
        let counts = counts(&self.pit, n_bars);
        let even = 1.0 / n_bars as f64;
        let n = self.pit.len().max(1) as f64;
        let (low, high) = binomial_interval(self.pit.len(), even, LEVEL);
        // Heights are densities: 1 where all is even.
        let density = |count: usize| count as f64 / n / even;
        let most = counts.iter().copied().max().unwrap_or(0).max(high);
        let axes = Axes::new(frame, (0.0, 1.0), (0.0, 1.08 * density(most).max(1.0))).labelled(
            "Forecast probability of less than what came (PIT)",
            "Density",
        );
        axes.draw(&mut sheet);
        let band = [0.0, 1.0].map(|x| (x, density(low), density(high)));
        axes.band(&mut sheet, &band, BAND);
        let edge = |i: usize| i as f64 * even;
        let gap = 0.04 * even;
        for (i, count) in counts.into_iter().enumerate() {
            axes.bar(
                &mut sheet,
                (edge(i) + gap, edge(i + 1) - gap),
                density(count),
                BARS,
            );
        }
        for end in [low, high] {
            axes.across(&mut sheet, density(end), END);
        }
        axes.across(&mut sheet, 1.0, EVEN);
        let entries = [
            (Key::Area(BARS), "Forecasts"),
            (Key::Line(EVEN), "Calibrated"),
            (Key::Area(BAND), "Where 95 % of calibrated bars lie"),
        ];
        let middle = f64::from(frame.x) + 0.5 * f64::from(frame.width);
        legend(&mut sheet, (middle, f64::from(y) - 18.0), &entries);
        sheet
    }
}

/// Counts between which a binomial one of `n` trials of probability `p` lies with at least this probability, as much of
/// the rest below as above.
fn binomial_interval(n: usize, p: f64, level: f64) -> (usize, usize) {
    let tail = 0.5 * (1.0 - level);
    let mut log = n as f64 * (1.0 - p).ln();
    let (mut below, mut low) = (0.0, None);
    for count in 0..=n {
        below += log.exp();
        if low.is_none() && below > tail {
            low = Some(count);
        }
        if below >= 1.0 - tail {
            return (low.unwrap_or(0), count);
        }
        log += ((n - count) as f64 / (count + 1) as f64).ln() + (p / (1.0 - p)).ln();
    }
    (low.unwrap_or(0), n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_that_of_binomial_counts() {
        // scipy.stats.binom.interval(0.95, n, p)
        assert_eq!(binomial_interval(100, 0.1, 0.95), (5, 16));
        assert_eq!(binomial_interval(1000, 0.1, 0.95), (82, 119));
        assert_eq!(binomial_interval(20, 0.05, 0.95), (0, 3));
        assert_eq!(binomial_interval(0, 0.1, 0.95), (0, 0));
        assert_eq!(binomial_interval(7, 1.0, 0.95), (0, 7));
    }
}
