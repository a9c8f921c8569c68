//! The most probable path.

use super::passes::Layout;

impl Layout {
    /// States from which one state may come, each with the place of the step in the matrix.
    pub(super) fn sources(&self, c: usize) -> impl Iterator<Item = (usize, usize)> + Clone + use<> {
        let (k, block) = (self.n_regimes, self.block);
        let (s, r) = (c % k, c / k);
        (0..k).map(move |oldest| {
            let from = r + block * oldest;
            (from, (from % k) * k + s)
        })
    }

    /// The most probable states and the logarithm of their joint probability with the rows, from ln p(x_t|s), T × S;
    /// Viterbi's recursion, Rabiner 1989, (32)–(35). Of equal ways that over the lowest state. Where no way leads on, the
    /// path goes on as if that row said nothing, and the probability is 0.
    pub(crate) fn most_probable(&self, log_densities: &[f64]) -> (Vec<usize>, f64) {
        let n = self.n_states();
        let n_times = log_densities.len() / n;
        let mut from = vec![0_u32; n_times * n];
        let mut now: Vec<f64> = self.initial.iter().map(|p| p.ln()).collect();
        let mut is_possible = true;
        for (t, densities) in log_densities.chunks_exact(n).enumerate() {
            if t > 0 {
                let mut next = vec![f64::NEG_INFINITY; n];
                for (c, next) in next.iter_mut().enumerate() {
                    let mut best = None;
                    for (source, step) in self.sources(c) {
                        let way = now[source] + self.log_matrix[step];
                        if best.is_none_or(|(_, most)| way > most) {
                            best = Some((source, way));
                        }
                    }
                    if let Some((source, way)) = best {
                        from[t * n + c] = source as u32;
                        *next = way;
                    }
                }
                now = next;
            }
            let said: Vec<f64> = now.iter().zip(densities).map(|(a, l)| a + l).collect();
            if said.iter().any(|l| *l > f64::NEG_INFINITY) {
                now = said;
            } else {
                is_possible = false;
            }
        }
        let best =
            |logs: &[f64]| (0..n).fold(0, |best, c| if logs[c] > logs[best] { c } else { best });
        let mut state = best(&now);
        let log_probability = if is_possible {
            now[state]
        } else {
            f64::NEG_INFINITY
        };
        let mut path = vec![0; n_times];
        for t in (0..n_times).rev() {
            path[t] = state;
            state = from[t * n + state] as usize;
        }
        (path, log_probability)
    }
}

#[cfg(test)]
mod tests {
    use crate::chain::{Chain, Layout};
    use ndarray::array;
    use rand::{Rng, SeedableRng};
    use rand_xoshiro::Xoshiro256Plus;

    #[test]
    fn no_path_is_more_probable() {
        let mut rng = Xoshiro256Plus::seed_from_u64(8);
        let chain = Chain::new(array![0.3, 0.7], array![[0.8, 0.2], [0.35, 0.65]].view()).unwrap();
        let log_densities: Vec<f64> = (0..16).map(|_| rng.gen_range(-3.0..1.0)).collect();
        let (path, log_probability) = Layout::new(&chain).most_probable(&log_densities);
        let height = |path: &[usize]| {
            let mut sum = chain.initial()[path[0]].ln();
            for (t, s) in path.iter().enumerate() {
                sum += log_densities[t * 2 + s];
                sum += if t > 0 {
                    chain.row(path[t - 1])[*s].ln()
                } else {
                    0.0
                };
            }
            sum
        };
        assert!((height(&path) - log_probability).abs() < 1e-12);
        for other in 0..256_usize {
            let other: Vec<usize> = (0..8).map(|t| other >> t & 1).collect();
            assert!(height(&other) <= log_probability + 1e-12);
        }
    }
}
