//! What can be said of regions.

use std::cmp::Reverse;

use gmm_figures::Color;

use super::{Region, Regions};
use crate::data::Picture;
use crate::features::lab;

/// Sums over the pixels of a region: of colours and places, with the first and the last of these.
#[derive(Debug, Clone)]
struct Sum {
    color: [u64; 3],
    at: [u64; 2],
    least: [u32; 2],
    most: [u32; 2],
}

impl Regions {
    /// The regions of a picture that have these labels, the largest first.
    pub(super) fn described(
        picture: &Picture,
        labels: &[u16],
        differences: Vec<(usize, f64)>,
        n_kinds: usize,
    ) -> Self {
        let width = picture.width() as usize;
        let n = labels.iter().max().map_or(0, |most| usize::from(*most) + 1);
        let mut sizes = vec![0_usize; n];
        labels.iter().for_each(|l| sizes[usize::from(*l)] += 1);
        let mut order: Vec<usize> = (0..n).filter(|l| sizes[*l] > 0).collect();
        order.sort_by_key(|l| Reverse(sizes[*l]));
        let mut place = vec![0_u16; n];
        order
            .iter()
            .enumerate()
            .for_each(|(i, l)| place[*l] = i as u16);
        let labels: Vec<u16> = labels.iter().map(|l| place[usize::from(*l)]).collect();
        let none = Sum {
            color: [0; 3],
            at: [0; 2],
            least: [u32::MAX; 2],
            most: [0; 2],
        };
        let mut sums = vec![none; order.len()];
        for (i, (label, pixel)) in labels.iter().zip(picture.pixels()).enumerate() {
            let sum = &mut sums[usize::from(*label)];
            let at = [(i % width) as u32, (i / width) as u32];
            (0..3).for_each(|c| sum.color[c] += u64::from(pixel[c]));
            for d in 0..2 {
                sum.at[d] += u64::from(at[d]);
                sum.least[d] = sum.least[d].min(at[d]);
                sum.most[d] = sum.most[d].max(at[d]);
            }
        }
        let region = |(sum, label): (Sum, &usize)| {
            let size = sizes[*label];
            let srgb = sum
                .color
                .map(|c| c as f64 / size as f64 / f64::from(u16::MAX));
            let [r, g, b] = srgb.map(|c| (c * 255.0).round() as u8);
            let extent = |d: usize| sum.most[d] - sum.least[d] + 1;
            Region {
                size,
                mean_color: Color(r, g, b),
                mean_lab: lab(srgb),
                bounding_box: [sum.least[0], sum.least[1], extent(0), extent(1)],
                centre: sum.at.map(|a| a as f64 / size as f64),
            }
        };
        let regions = sums.into_iter().zip(&order).map(region).collect();
        Self {
            labels,
            regions,
            differences,
            n_kinds,
        }
    }
}
