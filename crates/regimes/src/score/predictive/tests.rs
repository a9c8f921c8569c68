use super::*;
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;

fn three(scale: Scale) -> Predictive {
    Predictive::new(
        &[0.5, 0.3, 0.2],
        &[1.0, -0.5, 2.0],
        &[0.4, 1.0, 0.05],
        scale,
    )
    .unwrap()
}

#[test]
fn quadrature_agrees_with_the_closed_form() {
    let forecast = three(Scale::Identity);
    for y in [-30.0, -1.0, 0.2, 1.0, 2.01, 4.0, 1e3] {
        let (closed, found) = (
            forecast.closed_crps(y),
            forecast.integrated_crps(y).unwrap(),
        );
        assert!(
            (closed - found).abs() <= 1e-9 * closed,
            "{y}: {closed} {found}"
        );
    }
    let far = Predictive::new(&[0.5, 0.5], &[0.0, 1e6], &[1.0, 1e-3], Scale::Identity).unwrap();
    for y in [10.0, 0.2, 5e5, 1e6 - 1e-3, 1e7] {
        let (closed, found) = (far.closed_crps(y), far.integrated_crps(y).unwrap());
        assert!(
            (closed - found).abs() <= 1e-9 * closed,
            "{y}: {closed} {found}"
        );
    }
}

#[test]
fn many_components_are_scored_as_few() {
    let n = CLOSED + 1;
    let weights = vec![1.0 / n as f64; n];
    let means: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).sin()).collect();
    let deviations: Vec<f64> = (0..n).map(|i| 0.1 + 0.01 * (i % 9) as f64).collect();
    let many = Predictive::new(&weights, &means, &deviations, Scale::Identity).unwrap();
    let (closed, found) = (many.closed_crps(0.3), many.crps(0.3).unwrap());
    assert!((closed - found).abs() <= 1e-9 * closed, "{closed} {found}");
}

#[test]
fn on_the_scale_of_logarithms_the_score_is_the_closed_one_of_log_normals() {
    let forecast = three(Scale::Log);
    // E|X − c| of a log-normal, and E|X − X′| of two, by their partial expectations.
    let above = |t: f64| 0.5 * (1.0 + libm::erf(t * FRAC_1_SQRT_2));
    let mean = |b: &Bell| (b.mean + 0.5 * b.deviation * b.deviation).exp();
    let from = |b: &Bell, y: f64| {
        let t = (y.ln() - b.mean) / b.deviation;
        y * (2.0 * above(t) - 1.0) + mean(b) * (1.0 - 2.0 * above(t - b.deviation))
    };
    for y in [0.01f64, 1.0, 2.7, 7.5, 40.0] {
        let mut score = forecast.expected(|b| from(b, y));
        for a in &forecast.bells {
            for b in &forecast.bells {
                let s = a.deviation.hypot(b.deviation);
                let one = |a: &Bell, b: &Bell| {
                    let t = (a.mean - b.mean + a.deviation * a.deviation) / s;
                    mean(a) * (2.0 * above(t) - 1.0)
                };
                score -= 0.5 * a.share * b.share * (one(a, b) + one(b, a));
            }
        }
        let found = forecast.crps(y).unwrap();
        assert!(
            (score - found).abs() <= 1e-8 * score,
            "{y}: {score} {found}"
        );
    }
    assert!((forecast.crps(-3.0).unwrap() - 3.0 - forecast.crps(0.0).unwrap()).abs() < 1e-9);
}

#[test]
fn on_the_scale_of_roots_the_score_is_that_of_sums_over_a_fine_grid() {
    const STEP: f64 = 5e-4;
    let forecast = three(Scale::Sqrt);
    let places: Vec<f64> = (0..80_000).map(|i| (f64::from(i) + 0.5) * STEP).collect();
    let z: Vec<f64> = places.iter().map(|x| Scale::Sqrt.to(*x)).collect();
    let cdf = forecast.cdf_on_scale(&z).unwrap();
    let tail: f64 = cdf.iter().map(|p| STEP * (1.0 - p)).sum();
    assert!((tail - forecast.mean()).abs() < 1e-6);
    for y in [0.0, 0.8, 3.0, 12.5] {
        let off = |(p, x): (&f64, &f64)| if *x < y { *p } else { 1.0 - p };
        let sum: f64 = cdf.iter().zip(&places).map(off).map(|d| STEP * d * d).sum();
        let found = forecast.crps(y).unwrap();
        assert!((sum - found).abs() < 1e-6, "{y}: {sum} {found}");
    }
}

#[test]
fn moments_densities_and_scores_are_those_of_draws() {
    for scale in [Scale::Identity, Scale::Sqrt, Scale::Log] {
        let forecast = three(scale);
        let n = 200_000;
        let drawn = forecast.sample(n, &mut Xoshiro256Plus::seed_from_u64(7));
        let mean = |of: &dyn Fn(f64) -> f64| drawn.iter().map(|x| of(*x)).sum::<f64>() / n as f64;
        let centre = mean(&|x| x);
        let spread = mean(&|x| (x - centre).powi(2)).sqrt();
        let error = 5.0 * spread / (n as f64).sqrt();
        assert!((centre - forecast.mean()).abs() < error, "{scale}");
        let median = forecast.quantile(0.5).unwrap();
        let below = mean(&|x| f64::from(u8::from(x <= median)));
        assert!((below - 0.5).abs() < 0.006, "{scale} {below}");
        assert!((forecast.cdf(median).unwrap() - 0.5).abs() < 1e-12);
        // ½E|X − X′| by pairs of draws.
        let halves = drawn.split_at(n / 2);
        let within = halves
            .0
            .iter()
            .zip(halves.1)
            .map(|(a, b)| (a - b).abs())
            .sum::<f64>()
            / n as f64;
        for y in [0.0, 0.8, 3.0] {
            let drawn_score = mean(&|x| (x - y).abs()) - within;
            let score = forecast.crps(y).unwrap();
            assert!(
                (drawn_score - score).abs() < 2.0 * error,
                "{scale} {y}: {drawn_score} {score}"
            );
        }
        // The density is the slope of the distribution function.
        for x in [0.3, 1.0, 5.0] {
            let step = 1e-5;
            let slope =
                (forecast.cdf(x + step).unwrap() - forecast.cdf(x - step).unwrap()) / (2.0 * step);
            let density = forecast.log_density(x).unwrap().exp();
            assert!(
                (slope - density).abs() < 1e-7,
                "{scale} {x}: {slope} {density}"
            );
        }
    }
}

#[test]
fn nothing_is_below_the_least() {
    let low = Predictive::new(&[1.0], &[-0.5], &[0.7], Scale::Sqrt).unwrap();
    assert_eq!(low.interval(0.5).unwrap().0, 0.0);
    assert!(low.cdf(0.0).unwrap() > 0.7);
    assert_eq!(
        (low.cdf(-1e-9).unwrap(), low.log_density(-0.1).unwrap()),
        (0.0, f64::NEG_INFINITY)
    );
    assert!(
        low.sample(500, &mut Xoshiro256Plus::seed_from_u64(1))
            .iter()
            .all(|x| *x >= 0.0)
    );
    assert!((low.crps(-2.0).unwrap() - 2.0 - low.crps(0.0).unwrap()).abs() < 1e-12);
    // All of it is at 0.
    let zero = Predictive::new(&[1.0], &[-90.0], &[0.7], Scale::Sqrt).unwrap();
    assert_eq!((zero.crps(0.0).unwrap(), zero.mean()), (0.0, 0.0));
    assert!((zero.crps(3.0).unwrap() - 3.0).abs() < 1e-12);
}

#[test]
fn what_is_no_distribution_is_refused() {
    let of = |w: &[f64], m: &[f64], s: &[f64]| Predictive::new(w, m, s, Scale::Identity);
    assert!(of(&[1.0], &[0.0, 1.0], &[1.0]).is_err());
    assert!(of(&[0.5], &[0.0], &[1.0]).is_err());
    assert!(of(&[1.0], &[f64::NAN], &[1.0]).is_err());
    for s in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(of(&[1.0], &[0.0], &[s]).is_err());
    }
    assert!(of(&[], &[], &[]).is_err());
    let forecast = three(Scale::Log);
    assert!(forecast.crps(f64::NAN).is_err() && forecast.cdf(f64::NAN).is_err());
    assert!(forecast.quantile(1.5).is_err());
}
