//! The colours of regions.

use gmm_core::ndarray::Array2;
use gmm_core::{Gmm, GmmError};

use crate::model::merging::Piece;

/// A colour is at least so probable in a region, as a share of its probability in the picture: no single pixel is
/// certain.
const LEAST_RATIO: f64 = 1e-2;

/// What is probable in each region.
///
/// A region is a mixture of the picture's kinds with weights of its own, hₖ. The density of a colour x in it, divided by
/// that in the whole picture, is Σ hₖ rₖ(x) / πₖ, with the posteriors r of the kinds and their weights π.
#[derive(Debug)]
pub(super) struct RegionColors {
    kinds: Gmm,
    /// hₖ / πₖ, regions × kinds.
    ratios: Vec<f64>,
}

impl RegionColors {
    /// Those of regions that are made of pieces.
    pub(super) fn of(
        kinds: &Gmm,
        pieces: &[Piece],
        of_piece: &[u16],
        n_regions: usize,
    ) -> Result<Self, GmmError> {
        let n_kinds = kinds.n_components();
        let mut ratios = vec![0.0; n_regions * n_kinds];
        let mut sizes = vec![0.0; n_regions];
        for (piece, &region) in pieces.iter().zip(of_piece) {
            let own = &mut ratios[usize::from(region) * n_kinds..][..n_kinds];
            let both = own.iter_mut().zip(&piece.kinds);
            both.for_each(|(s, k)| *s += k);
            sizes[usize::from(region)] += piece.n_pixels;
        }
        for (own, n) in ratios.chunks_mut(n_kinds).zip(sizes) {
            let both = own.iter_mut().zip(kinds.weights());
            both.for_each(|(s, w)| *s = if *w > 0.0 { *s / (n * w) } else { 0.0 });
        }
        Ok(Self {
            kinds: kinds.marginal(&[0, 1, 2])?,
            ratios,
        })
    }

    /// −ln of how probable colours are in each region, against the whole picture: colours × regions.
    pub(super) fn costs(&self, colors: &[[f64; 3]]) -> Vec<f64> {
        let n_kinds = self.kinds.n_components();
        let rows = Array2::from_shape_fn((colors.len(), 3), |(i, j)| colors[i][j]);
        // Colours are finite, so that no row is refused.
        let Ok(posteriors) = self.kinds.responsibilities(&rows) else {
            return vec![0.0; colors.len() * self.ratios.len() / n_kinds];
        };
        let cost = |h: &[f64], r: &[f64]| {
            let ratio: f64 = h.iter().zip(r).map(|(h, r)| h * r).sum();
            -ratio.max(LEAST_RATIO).ln()
        };
        let posteriors = posteriors.into_raw_vec_and_offset().0;
        let rows = posteriors.chunks(n_kinds);
        let of = |r| self.ratios.chunks(n_kinds).map(move |h| cost(h, r));
        rows.flat_map(of).collect()
    }
}
