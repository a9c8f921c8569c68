//! The data of the slides that this library follows, made from their seeds.
//!
//! The facts are of NumPy 2.4.6 and scikit-learn 1.9.1, printed by `golden.py` beside this file.

use std::f64::consts::TAU;

use ndarray::{Array2, Axis, concatenate, s};
use numpy_legacy::{RandomState, linspace, make_moons};

/// What is known of a table of D columns.
struct Facts<const D: usize> {
    first: [[f64; D]; 3],
    last: [[f64; D]; 3],
    sum: f64,
    sum_of_squares: f64,
}

impl<const D: usize> Facts<D> {
    /// The three first and last rows to `slack`, the sums to what adding in another order can change.
    fn hold_within(&self, slack: f64, table: &Array2<f64>) {
        let n = table.nrows();
        let (top, bottom) = (table.slice(s![..3, ..]), table.slice(s![n - 3.., ..]));
        let expected = self.first.iter().chain(&self.last).flatten();
        for (found, expected) in top.iter().chain(bottom).zip(expected) {
            let off = (found - expected).abs();
            assert!(off <= slack, "{found} is not {expected}");
        }
        let sums = [
            (table.sum(), self.sum),
            (table.mapv(|v| v * v).sum(), self.sum_of_squares),
        ];
        for (found, expected) in sums {
            let off = (found - expected).abs() / expected;
            assert!(off <= 1e-12, "{found} is not {expected}");
        }
    }

    fn hold_exactly(&self, table: &Array2<f64>) {
        self.hold_within(0.0, table);
    }
}

/// Two units in the last place of numbers from 1 to 2, the largest sines and cosines that are added here: NumPy
/// computes them with its own vector routines, which differ from the platform's in the last bit.
const TWO_UNITS: f64 = 2.0 * f64::EPSILON;

/// Slides 1, 4 and 7: 300 and 700 numbers of two means and standard deviations.
fn two_normals(first: (f64, f64), second: (f64, f64)) -> Array2<f64> {
    let mut random = RandomState::seed(42);
    let first = random.normal_table(300, 1, first.0, first.1);
    let second = random.normal_table(700, 1, second.0, second.1);
    concatenate![Axis(0), first, second]
}

/// Slides 5 and 6.
fn blobs(random: &mut RandomState, n_first: usize, n_second: usize) -> Array2<f64> {
    let first = random.multivariate_normal_diagonal(&[0.0; 2], &[1.0; 2], n_first);
    let second = random.multivariate_normal_diagonal(&[4.0; 2], &[1.5; 2], n_second);
    concatenate![Axis(0), first, second]
}

#[test]
fn slide_1_two_normals() {
    let table = two_normals((0.0, 1.0), (5.0, 1.5));
    Facts {
        first: [
            [0.4967141530112327],
            [-0.13826430117118466],
            [0.6476885381006925],
        ],
        last: [
            [5.961264291900514],
            [4.143231515325805],
            [5.858874172034238],
        ],
        sum: 3529.8303675956745,
        sum_of_squares: 19609.036764009445,
    }
    .hold_exactly(&table);
}

#[test]
fn slide_5_two_blobs() {
    let table = blobs(&mut RandomState::seed(42), 200, 300);
    Facts {
        first: [
            [0.4967141530112327, -0.13826430117118466],
            [0.6476885381006925, 1.5230298564080254],
            [-0.23415337472333597, -0.23413695694918055],
        ],
        last: [
            [2.7732710297980097, 3.655723857941253],
            [6.201707354128711, 4.784869007704682],
            [3.3004514616168907, 4.701267824913087],
        ],
        sum: 2421.6497623624277,
        sum_of_squares: 10954.383050691344,
    }
    .hold_exactly(&table);
}

#[test]
fn slide_6_blobs_and_anomalies() {
    let table = {
        let mut random = RandomState::seed(42);
        let normal_data = blobs(&mut random, 400, 600);
        let anomalies = random.uniform_table(50, 2, -2.0, 6.0);
        concatenate![Axis(0), normal_data, anomalies]
    };
    Facts {
        first: [
            [0.4967141530112327, -0.13826430117118466],
            [0.6476885381006925, 1.5230298564080254],
            [-0.23415337472333597, -0.23413695694918055],
        ],
        last: [
            [4.254590906759485, 3.1531937718073273],
            [-1.6145119008536302, 0.8804037272078267],
            [5.654398523874289, 2.00320916568161],
        ],
        sum: 5098.359442823747,
        sum_of_squares: 23594.8250362495,
    }
    .hold_exactly(&table);
}

#[test]
fn slide_7_two_normals() {
    let table = two_normals((-2.0, 1.0), (2.0, 1.5));
    Facts {
        first: [
            [-1.5032858469887673],
            [-2.138264301171185],
            [-1.3523114618993075],
        ],
        last: [
            [2.9612642919005148],
            [1.1432315153258048],
            [2.8588741720342377],
        ],
        sum: 829.8303675956744,
        sum_of_squares: 5926.725422986655,
    }
    .hold_exactly(&table);
}

#[test]
fn slide_11_two_clouds() {
    let table = {
        let mut random = RandomState::seed(42);
        let first = random.normal_table(500, 2, 0.0, 1.0);
        let second = random.normal_table(500, 2, 3.0, 0.5);
        concatenate![Axis(0), first, second]
    };
    Facts {
        first: [
            [0.4967141530112327, -0.13826430117118466],
            [0.6476885381006925, 1.5230298564080254],
            [-0.23415337472333597, -0.23413695694918055],
        ],
        last: [
            [3.1757241037707913, 3.535075119158214],
            [2.98673937037547, 2.559062674386141],
            [2.918466518028118, 2.6275486775967756],
        ],
        sum: 3054.750174446903,
        sum_of_squares: 10420.52195284208,
    }
    .hold_exactly(&table);
}

#[test]
fn slide_12_a_cloud_and_outliers() {
    let table = {
        let mut random = RandomState::seed(42);
        let normal_data = random.normal_table(1000, 2, 0.0, 1.0);
        let outliers = random.uniform_table(50, 2, -5.0, 5.0);
        concatenate![Axis(0), normal_data, outliers]
    };
    Facts {
        first: [
            [0.4967141530112327, -0.13826430117118466],
            [0.6476885381006925, 1.5230298564080254],
            [-0.23415337472333597, -0.23413695694918055],
        ],
        last: [
            [2.818238633449356, 1.4414922147591591],
            [-4.518139876067037, -1.3994953409902164],
            [4.567998154842861, 0.00401145710201245],
        ],
        sum: 73.30116529834712,
        sum_of_squares: 2823.1139905097984,
    }
    .hold_exactly(&table);
}

#[test]
fn slide_13_moons() {
    let (table, labels) = make_moons(1000, 0.1, 42);
    assert_eq!(labels.iter().sum::<usize>(), 500);
    Facts {
        first: [
            [-0.05146967571016664, 0.4441986308046334],
            [1.032016906500432, -0.41974115743074153],
            [0.8678918640664149, -0.2548271144008464],
        ],
        last: [
            [1.6842591059389458, -0.3482226753863654],
            [-0.9672012986680837, 0.26367207975483675],
            [0.7875897110507459, 0.6166094522977236],
        ],
        sum: 745.826737543966,
        sum_of_squares: 1322.7155575973825,
    }
    .hold_within(TWO_UNITS, &table);
}

#[test]
fn slide_14_a_series_of_two_regimes() {
    let n_samples = 1000;
    let mut random = RandomState::seed(42);
    let t = linspace(0.0, 10.0, n_samples);
    // The second regime draws its noise after the whole of the first.
    let mut regime = |wave: &dyn Fn(f64) -> f64| -> Vec<f64> {
        let noisy = |t: &f64| wave(TAU * t) + random.normal(0.0, 0.1);
        t.iter().map(noisy).collect()
    };
    let regime1 = regime(&|angle| angle.sin());
    let regime2 = regime(&|angle| 2.0 * angle.cos());
    let series: Vec<f64> = (0..n_samples)
        .map(|i| if t[i] < 5.0 { regime1[i] } else { regime2[i] })
        .collect();
    let table = Array2::from_shape_fn((n_samples - 1, 2), |(i, lag)| series[i + lag]);
    Facts {
        first: [
            [0.04967141530112327, 0.04902685992736347],
            [0.04902685992736347, 0.19022688399036528],
            [0.19022688399036528, 0.3398696390166397],
        ],
        last: [
            [1.96185162875859, 1.8960103905995642],
            [1.8960103905995642, 1.9797388581264461],
            [1.9797388581264461, 1.9255097355193551],
        ],
        sum: 4.011687790952045,
        sum_of_squares: 2500.2755437998317,
    }
    .hold_within(TWO_UNITS, &table);
}
