//! Eight numbers at a time, at the widest level the processor has.
//!
//! Kernels are written once, against [`Vector`], and compiled for every level; [`dispatch`] chooses at run
//! time. A vector always has eight lanes (two registers of AVX2, one of AVX-512), lanes are summed in one
//! order, and `exp` and `ln` are our own: so AVX2, AVX-512 and AArch64 give the same bits here. Processors
//! without fused multiply-add round once more per product and may differ in the last digits.
//!
//! # Safety
//!
//! This is the only module of the crate with `unsafe`. It is needed for three things. *Instructions of a level
//! may run only where the processor has them*: the vector types that stand for them are private to this
//! module, so only [`dispatch_at`] can name them, and it does so behind [`Level::is_available`]. *Packs are
//! seen as plain numbers* ([`flat`]): a [`Pack`] is `repr(C)` around its eight numbers, its size is theirs,
//! and it has no padding. *Memory is asked for ahead of its use* ([`prefetch`]): an instruction that every x86-64 has,
//! never faults and changes nothing that a program sees.
//!
//! Everything that is generic in [`Vector`] must be `#[inline(always)]`: only what is inlined into the
//! function with the level's features is compiled for that level.
#![allow(unsafe_code)]

mod elementary;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::{Add, Div, Mul, Sub};

pub(crate) use elementary::{exp, ln};

/// Numbers in a vector, whatever the level.
pub(crate) const LANES: usize = 8;

/// Eight numbers in one cache line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Pack(pub(crate) [f64; LANES]);

impl Pack {
    /// Eight times the same.
    pub(crate) const fn splat(x: f64) -> Self {
        Self([x; LANES])
    }
}

/// Packs as plain numbers.
pub(crate) fn flat(packs: &[Pack]) -> &[f64] {
    // SAFETY: a Pack is eight f64 and nothing else (see the module's documentation).
    unsafe { std::slice::from_raw_parts(packs.as_ptr().cast(), packs.len() * LANES) }
}

/// Packs as plain numbers, to be written.
pub(crate) fn flat_mut(packs: &mut [Pack]) -> &mut [f64] {
    // SAFETY: as for `flat`; the borrow is unique.
    unsafe { std::slice::from_raw_parts_mut(packs.as_mut_ptr().cast(), packs.len() * LANES) }
}

/// Asks for values that are needed soon to be brought from memory, where the processor can be asked.
#[inline]
pub(crate) fn prefetch<T>(values: &[T]) {
    let a_line = size_of::<Pack>() / size_of::<T>().max(1);
    for line in values.chunks(a_line.max(1)) {
        #[cfg(target_arch = "x86_64")]
        x86::prefetch(line.as_ptr().cast());
        #[cfg(not(target_arch = "x86_64"))]
        let _ = line;
    }
}

/// Eight lanes in registers.
pub(crate) trait Vector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// Vectors that the level's registers hold: how far loops are unrolled.
    const REGISTERS: usize;
    /// Eight times the same.
    fn splat(x: f64) -> Self;
    /// From memory.
    fn load(pack: &Pack) -> Self;
    /// To memory.
    fn store(self, pack: &mut Pack);
    /// self·factor + term, rounded once where the level can.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The larger of the two in each lane; neither may be NaN.
    fn max(self, other: Self) -> Self;
    /// `then` in the lanes where self < bound, and `or` in the others, among them those with a NaN.
    fn if_less(self, bound: Self, then: Self, or: Self) -> Self;
    /// A bit for each lane that is above `bound`, the lowest for the first.
    fn above(self, bound: Self) -> u8;
    /// 2ⁿ from a number whose lowest twelve bits are n + 1023.
    fn power_of_two(self) -> Self;
    /// The exponent e and the rest m of x = m·2ᵉ with √½ ≤ m < √2, for normal x > 0.
    fn split(self) -> (Self, Self);

    /// Lane i of vector j becomes lane j of vector i.
    fn transpose(of: [Self; LANES]) -> [Self; LANES];

    /// The sum of the lanes a … h: ((a+e) + (c+g)) + ((b+f) + (d+h)).
    fn sum(self) -> f64;
}

/// Something to compute with vectors of any level.
pub(crate) trait Task {
    /// What it returns.
    type Output;
    /// Does it; must be `#[inline(always)]`.
    fn run<V: Vector>(self) -> Self::Output;
}

/// What the processor can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Whatever the compiler makes of plain loops.
    Portable,
    /// AVX2 with FMA (x86-64-v3).
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512F (x86-64-v4).
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// Every level, the best first.
    pub(crate) const ALL: &[Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        Self::Portable,
    ];

    /// Whether this processor has it. The standard library asks the processor once.
    pub(crate) fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Self::Avx2.is_available() && is_x86_feature_detected!("avx512f"),
        }
    }

    /// The best that this processor has.
    fn best() -> Self {
        let mut levels = Self::ALL.iter().copied();
        levels.find(|l| l.is_available()).unwrap_or(Self::Portable)
    }
}

/// Runs a task at the best level of this processor.
pub(crate) fn dispatch<T: Task>(task: T) -> T::Output {
    dispatch_at(Level::best(), task)
}

/// Runs a task at a level, which must be available; if it is not, the portable one takes its place.
pub(crate) fn dispatch_at<T: Task>(level: Level, task: T) -> T::Output {
    match level {
        // SAFETY: the processor has the features.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if level.is_available() => unsafe { x86::run_avx512(task) },
        // SAFETY: the processor has the features.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 if level.is_available() => unsafe { x86::run_avx2(task) },
        _ => task.run::<portable::Portable>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// eˣ, and ln eˣ, of packs of numbers.
    struct Elementary<'a>(&'a [f64]);

    impl Task for Elementary<'_> {
        type Output = Vec<(f64, f64)>;

        #[inline(always)]
        fn run<V: Vector>(self) -> Self::Output {
            let mut out = Vec::new();
            for x in self.0.as_chunks::<LANES>().0 {
                let (mut e, mut l) = (Pack::default(), Pack::default());
                let power = exp(V::load(&Pack(*x)));
                power.store(&mut e);
                ln(power.max(V::splat(1e-307))).store(&mut l);
                out.extend(e.0.into_iter().zip(l.0));
            }
            out
        }
    }

    fn available() -> impl Iterator<Item = Level> {
        Level::ALL.iter().copied().filter(|l| l.is_available())
    }

    /// How many representable numbers lie between the two.
    fn ulps(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn exp_and_ln_agree_with_the_standard_library_at_every_level() {
        let numbers: Vec<f64> = (0..80_000)
            .map(|i| -706.0 + f64::from(i) * (1415.0 / 80_000.0))
            .chain((0..80_000).map(|i| f64::from(i - 40_000) * 1e-5))
            .collect();
        for level in available() {
            for (x, (e, l)) in numbers.iter().zip(dispatch_at(level, Elementary(&numbers))) {
                assert!(ulps(e, x.exp()) <= 1, "{level:?} exp({x}) = {e}");
                assert!(ulps(l, e.ln()) <= 1, "{level:?} ln({e}) = {l}");
            }
        }
    }

    #[test]
    fn exp_vanishes_far_below_and_is_exact_at_nought() {
        let x = [
            0.0,
            -708.0,
            -709.0,
            -1e300,
            f64::NEG_INFINITY,
            1.0,
            -1.0,
            -745.0,
        ];
        for level in available() {
            let e: Vec<f64> = dispatch_at(level, Elementary(&x))
                .into_iter()
                .map(|(e, _)| e)
                .collect();
            assert_eq!(e[0], 1.0);
            assert!(e[1] > 0.0);
            assert_eq!((e[2], e[3], e[4], e[7]), (0.0, 0.0, 0.0, 0.0));
        }
    }

    #[test]
    fn levels_that_fuse_give_the_same_bits() {
        let numbers: Vec<f64> = (1..8001).map(|i| f64::from(i).sin() * 300.0).collect();
        let answers: Vec<_> = available()
            .filter(|l| *l != Level::Portable || portable::FUSES)
            .map(|level| dispatch_at(level, Elementary(&numbers)))
            .collect();
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn lanes_are_what_they_say() {
        struct Lanes;
        impl Task for Lanes {
            type Output = (Pack, Pack, f64);
            #[inline(always)]
            fn run<V: Vector>(self) -> Self::Output {
                let x = V::load(&Pack([1.0, -2.0, f64::NAN, 4.0, 5.0, -6.0, 7.0, 0.0]));
                let (mut least, mut largest) = (Pack::default(), Pack::default());
                x.if_less(V::splat(2.0), V::splat(-1.0), V::splat(1.0))
                    .store(&mut least);
                V::load(&Pack([1.0; LANES]))
                    .max(V::splat(0.5))
                    .store(&mut largest);
                assert_eq!(x.above(V::splat(4.5)), 0b0101_0000);
                let counted = Pack([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]);
                (least, largest, V::load(&counted).sum())
            }
        }
        for level in available() {
            let (least, largest, sum) = dispatch_at(level, Lanes);
            assert_eq!(least.0, [-1.0, -1.0, 1.0, 1.0, 1.0, -1.0, 1.0, -1.0]);
            assert_eq!(largest.0, [1.0; LANES]);
            assert_eq!(sum, 255.0);
        }
    }

    #[test]
    fn rows_become_columns() {
        struct Turn;
        impl Task for Turn {
            type Output = [Pack; LANES];
            #[inline(always)]
            fn run<V: Vector>(self) -> Self::Output {
                let row = |i| V::load(&Pack(std::array::from_fn(|j| f64::from(10 * i + j as u32))));
                let turned = V::transpose(std::array::from_fn(|i| row(i as u32)));
                turned.map(|v| {
                    let mut pack = Pack::default();
                    v.store(&mut pack);
                    pack
                })
            }
        }
        for level in available() {
            for (i, pack) in (0..).zip(dispatch_at(level, Turn)) {
                let expected = std::array::from_fn(|j| f64::from(10 * j as u32 + i));
                assert_eq!(pack.0, expected, "{level:?}");
            }
        }
    }

    #[test]
    fn packs_are_their_numbers() {
        let mut packs = [Pack::splat(1.0), Pack::splat(2.0)];
        flat_mut(&mut packs)[9] = 3.0;
        assert_eq!(packs[1].0[1], 3.0);
        assert_eq!(flat(&packs).len(), 16);
    }
}
