//! Pixels beside each other, and what is connected.

/// |a − b|².
pub(super) fn squared_distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// The four neighbours of a pixel.
pub(super) fn neighbours((w, h): (usize, usize), i: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (i % w, i / w);
    let all = [
        (x > 0).then(|| i - 1),
        (x + 1 < w).then(|| i + 1),
        (y > 0).then(|| i - w),
        (y + 1 < h).then(|| i + w),
    ];
    all.into_iter().flatten()
}

/// Numbers the connected parts of equal labels in the order of their first pixels. Parts of fewer than `least` pixels
/// join the part before their first pixel, where there is one.
pub(super) fn connected((w, h): (usize, usize), labels: &[u32], least: usize) -> (Vec<u32>, usize) {
    const NEW: u32 = u32::MAX;
    let mut parts = vec![NEW; labels.len()];
    let mut n_parts = 0;
    let mut part = Vec::new();
    for start in 0..labels.len() {
        if parts[start] != NEW {
            continue;
        }
        let before = neighbours((w, h), start).find(|j| parts[*j] != NEW);
        part.clear();
        part.push(start);
        parts[start] = n_parts;
        let mut done = 0;
        while let Some(&i) = part.get(done) {
            done += 1;
            for j in neighbours((w, h), i) {
                if parts[j] == NEW && labels[j] == labels[start] {
                    parts[j] = n_parts;
                    part.push(j);
                }
            }
        }
        match before {
            Some(before) if part.len() < least => {
                let host = parts[before];
                part.iter().for_each(|i| parts[*i] = host);
            }
            _ => n_parts += 1,
        }
    }
    (parts, n_parts as usize)
}

/// Gives what is cut off from the largest part of its label to labels around it, the nearest first, so that all pixels
/// of a label are connected.
pub(super) fn without_islands(size: (usize, usize), labels: &mut [u16]) {
    let wide: Vec<u32> = labels.iter().map(|l| u32::from(*l)).collect();
    let (parts, n_parts) = connected(size, &wide, 0);
    let mut sizes = vec![0_usize; n_parts];
    parts.iter().for_each(|p| sizes[*p as usize] += 1);
    let n_labels = wide.iter().max().map_or(0, |most| *most as usize + 1);
    let mut largest = vec![None; n_labels];
    for (part, label) in parts.iter().zip(&wide) {
        let own: &mut Option<u32> = &mut largest[*label as usize];
        if own.is_none_or(|p| sizes[*part as usize] > sizes[p as usize]) {
            *own = Some(*part);
        }
    }
    let mut stays: Vec<bool> = (0..labels.len())
        .map(|i| largest[wide[i] as usize] == Some(parts[i]))
        .collect();
    let mut front: Vec<usize> = (0..labels.len()).filter(|i| stays[*i]).collect();
    while !front.is_empty() {
        let mut next = Vec::new();
        for i in front {
            for j in neighbours(size, i) {
                if !stays[j] {
                    stays[j] = true;
                    labels[j] = labels[i];
                    next.push(j);
                }
            }
        }
        front = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_parts_join_others() {
        let labels = [0, 0, 0, 1, 0, 0, 2, 2, 2];
        assert_eq!(connected((3, 3), &labels, 0), (labels.to_vec(), 3));
        let (parts, n) = connected((3, 3), &labels, 2);
        assert_eq!((parts, n), (vec![0, 0, 0, 0, 0, 0, 1, 1, 1], 2));
        let diagonal = connected((2, 2), &[5, 8, 8, 5], 0);
        assert_eq!(diagonal, (vec![0, 1, 2, 3], 4));
        assert_eq!(connected((1, 1), &[9], 5), (vec![0], 1));
    }

    #[test]
    fn islands_go_to_what_is_around_them() {
        let mut labels = [0, 0, 1, 1, 0, 2, 1, 0, 2, 2, 2, 2];
        without_islands((4, 3), &mut labels);
        assert_eq!(labels, [0, 0, 1, 1, 0, 2, 1, 1, 2, 2, 2, 2]);
    }
}
