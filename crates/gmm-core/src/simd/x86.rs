//! AVX2 and AVX-512. The types stand for the proof that the processor has the level, so they must not leave
//! this module's parent; every `unsafe` block below rests on that.

use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Sub};

use super::elementary::{BIAS, FRACTION, ROOT_HALF, TO_ONE, TWO_52};
use super::{LANES, Pack, Task, Vector};

/// Runs a task with AVX-512.
#[target_feature(enable = "avx2,fma,avx512f")]
pub(super) fn run_avx512<T: Task>(task: T) -> T::Output {
    task.run::<Avx512>()
}

/// Runs a task with AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(super) fn run_avx2<T: Task>(task: T) -> T::Output {
    task.run::<Avx2>()
}

/// Brings a line of memory to the second-level cache.
#[inline(always)]
pub(super) fn prefetch(address: *const i8) {
    // SAFETY: every x86-64 has it, and whatever the address is, it does not fault.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(address) }
}

/// One register of eight.
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512d);

/// Two registers of four.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256d, __m256d);

macro_rules! operator {
    ($operator:ident $method:ident $wide:ident $half:ident) => {
        impl $operator for Avx512 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: the level is available.
                unsafe { Self($wide(self.0, other.0)) }
            }
        }

        impl $operator for Avx2 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: the level is available.
                unsafe { Self($half(self.0, other.0), $half(self.1, other.1)) }
            }
        }
    };
}

operator!(Add add _mm512_add_pd _mm256_add_pd);
operator!(Sub sub _mm512_sub_pd _mm256_sub_pd);
operator!(Mul mul _mm512_mul_pd _mm256_mul_pd);
operator!(Div div _mm512_div_pd _mm256_div_pd);

impl Vector for Avx512 {
    const REGISTERS: usize = 32;

    #[inline(always)]
    fn splat(x: f64) -> Self {
        // SAFETY: the level is available.
        unsafe { Self(_mm512_set1_pd(x)) }
    }

    #[inline(always)]
    fn load(pack: &Pack) -> Self {
        // SAFETY: the level is available; a pack is eight numbers, aligned to 64 bytes.
        unsafe { Self(_mm512_load_pd(pack.0.as_ptr())) }
    }

    #[inline(always)]
    fn store(self, pack: &mut Pack) {
        // SAFETY: as for `load`.
        unsafe { _mm512_store_pd(pack.0.as_mut_ptr(), self.0) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: the level is available.
        unsafe { Self(_mm512_fmadd_pd(self.0, factor.0, term.0)) }
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        // SAFETY: the level is available.
        unsafe {
            let low = _mm512_castpd512_pd256(self.0);
            Avx2(low, _mm512_extractf64x4_pd::<1>(self.0)).sum()
        }
    }

    #[inline(always)]
    fn transpose(of: [Self; LANES]) -> [Self; LANES] {
        let [a, b, c, d, e, f, g, h] = of;
        // SAFETY: the level is available, here and in the closures.
        let pairs = |a: Self, b: Self| unsafe {
            [_mm512_unpacklo_pd(a.0, b.0), _mm512_unpackhi_pd(a.0, b.0)]
        };
        let fours = |a, b| unsafe {
            [
                _mm512_shuffle_f64x2::<0b10_00_10_00>(a, b),
                _mm512_shuffle_f64x2::<0b11_01_11_01>(a, b),
            ]
        };
        let (ab, cd, ef, gh) = (pairs(a, b), pairs(c, d), pairs(e, f), pairs(g, h));
        let mut turned = [a; LANES];
        for i in 0..2 {
            // Lanes i, 4+i and 2+i, 6+i of four vectors each, and then of all eight.
            let (first, second) = (fours(ab[i], cd[i]), fours(ef[i], gh[i]));
            for half in 0..2 {
                let [even, odd] = fours(first[half], second[half]);
                turned[2 * half + i] = Self(even);
                turned[4 + 2 * half + i] = Self(odd);
            }
        }
        turned
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: the level is available.
        unsafe { Self(_mm512_max_pd(self.0, other.0)) }
    }

    #[inline(always)]
    fn if_less(self, bound: Self, then: Self, or: Self) -> Self {
        // SAFETY: the level is available.
        unsafe {
            let less = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, bound.0);
            Self(_mm512_mask_blend_pd(less, or.0, then.0))
        }
    }

    #[inline(always)]
    fn above(self, bound: Self) -> u8 {
        // SAFETY: the level is available.
        unsafe { _mm512_cmp_pd_mask::<_CMP_GT_OQ>(self.0, bound.0) }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: the level is available.
        unsafe {
            let bits = _mm512_slli_epi64::<52>(_mm512_castpd_si512(self.0));
            Self(_mm512_castsi512_pd(bits))
        }
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: the level is available.
        unsafe {
            let all = |bits: u64| _mm512_set1_epi64(bits.cast_signed());
            let shifted = _mm512_add_epi64(_mm512_castpd_si512(self.0), all(TO_ONE));
            let exponent = _mm512_or_si512(_mm512_srli_epi64::<52>(shifted), all(TWO_52));
            let exponent = _mm512_sub_pd(_mm512_castsi512_pd(exponent), _mm512_set1_pd(BIAS));
            let fraction = _mm512_and_si512(shifted, all(FRACTION));
            let rest = _mm512_add_epi64(fraction, all(ROOT_HALF));
            (Self(exponent), Self(_mm512_castsi512_pd(rest)))
        }
    }
}

impl Avx2 {
    #[inline(always)]
    fn map(self, of_half: impl Fn(__m256d) -> __m256d) -> Self {
        Self(of_half(self.0), of_half(self.1))
    }
}

impl Vector for Avx2 {
    const REGISTERS: usize = 8;

    #[inline(always)]
    fn splat(x: f64) -> Self {
        // SAFETY: the level is available.
        unsafe { Self(_mm256_set1_pd(x), _mm256_set1_pd(x)) }
    }

    #[inline(always)]
    fn load(pack: &Pack) -> Self {
        let (halves, _) = pack.0.as_chunks::<4>();
        // SAFETY: the level is available; a half is four numbers, aligned to 32 bytes as its pack is to 64.
        unsafe {
            Self(
                _mm256_load_pd(halves[0].as_ptr()),
                _mm256_load_pd(halves[1].as_ptr()),
            )
        }
    }

    #[inline(always)]
    fn store(self, pack: &mut Pack) {
        let (halves, _) = pack.0.as_chunks_mut::<4>();
        // SAFETY: as for `load`.
        unsafe {
            _mm256_store_pd(halves[0].as_mut_ptr(), self.0);
            _mm256_store_pd(halves[1].as_mut_ptr(), self.1);
        }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: the level is available.
        unsafe {
            Self(
                _mm256_fmadd_pd(self.0, factor.0, term.0),
                _mm256_fmadd_pd(self.1, factor.1, term.1),
            )
        }
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        // SAFETY: the level is available.
        unsafe {
            let four = _mm256_add_pd(self.0, self.1);
            let low = _mm256_castpd256_pd128(four);
            let two = _mm_add_pd(low, _mm256_extractf128_pd::<1>(four));
            _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
        }
    }

    #[inline(always)]
    fn transpose(of: [Self; LANES]) -> [Self; LANES] {
        // SAFETY: the level is available.
        let four = |a, b, c, d| unsafe {
            let (ab, cd) = (_mm256_unpacklo_pd(a, b), _mm256_unpacklo_pd(c, d));
            let (ba, dc) = (_mm256_unpackhi_pd(a, b), _mm256_unpackhi_pd(c, d));
            [
                _mm256_permute2f128_pd::<0x20>(ab, cd),
                _mm256_permute2f128_pd::<0x20>(ba, dc),
                _mm256_permute2f128_pd::<0x31>(ab, cd),
                _mm256_permute2f128_pd::<0x31>(ba, dc),
            ]
        };
        let [a, b, c, d, e, f, g, h] = of;
        let (low, low_after) = (four(a.0, b.0, c.0, d.0), four(e.0, f.0, g.0, h.0));
        let (high, high_after) = (four(a.1, b.1, c.1, d.1), four(e.1, f.1, g.1, h.1));
        let mut turned = [a; LANES];
        for i in 0..4 {
            turned[i] = Self(low[i], low_after[i]);
            turned[4 + i] = Self(high[i], high_after[i]);
        }
        turned
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: the level is available.
        unsafe {
            Self(
                _mm256_max_pd(self.0, other.0),
                _mm256_max_pd(self.1, other.1),
            )
        }
    }

    #[inline(always)]
    fn if_less(self, bound: Self, then: Self, or: Self) -> Self {
        // SAFETY: the level is available.
        unsafe {
            let half = |x, bound, then, or| {
                _mm256_blendv_pd(or, then, _mm256_cmp_pd::<_CMP_LT_OQ>(x, bound))
            };
            Self(
                half(self.0, bound.0, then.0, or.0),
                half(self.1, bound.1, then.1, or.1),
            )
        }
    }

    #[inline(always)]
    fn above(self, bound: Self) -> u8 {
        // SAFETY: the level is available.
        let half =
            |x, bound| unsafe { _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(x, bound)) as u8 };
        half(self.0, bound.0) | half(self.1, bound.1) << 4
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: the level is available.
        self.map(|x| unsafe {
            _mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_castpd_si256(x)))
        })
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: the level is available, here and in both closures.
        let all = |bits: u64| unsafe { _mm256_set1_epi64x(bits.cast_signed()) };
        let shifted = |x| unsafe { _mm256_add_epi64(_mm256_castpd_si256(x), all(TO_ONE)) };
        let exponent = |x| unsafe {
            let exponent = _mm256_or_si256(_mm256_srli_epi64::<52>(shifted(x)), all(TWO_52));
            _mm256_sub_pd(_mm256_castsi256_pd(exponent), _mm256_set1_pd(BIAS))
        };
        let rest = |x| unsafe {
            let fraction = _mm256_and_si256(shifted(x), all(FRACTION));
            _mm256_castsi256_pd(_mm256_add_epi64(fraction, all(ROOT_HALF)))
        };
        (self.map(exponent), self.map(rest))
    }
}
