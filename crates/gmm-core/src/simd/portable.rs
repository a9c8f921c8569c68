//! Lanes as an array: the compiler makes of it what the target's baseline has.

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Sub};

use super::{LANES, Pack, Vector};

/// Whether products and sums are rounded once.
pub(super) const FUSES: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

/// Eight lanes anywhere.
#[derive(Clone, Copy)]
pub(super) struct Portable([f64; LANES]);

macro_rules! lane_by_lane {
    ($($operator:ident $method:ident $symbol:tt),*) => {$(
        impl $operator for Portable {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(from_fn(|i| self.0[i] $symbol other.0[i]))
            }
        }
    )*};
}

lane_by_lane!(Add add +, Sub sub -, Mul mul *, Div div /);

impl Vector for Portable {
    const REGISTERS: usize = if cfg!(target_arch = "aarch64") { 8 } else { 4 };

    #[inline(always)]
    fn splat(x: f64) -> Self {
        Self([x; LANES])
    }

    #[inline(always)]
    fn load(pack: &Pack) -> Self {
        Self(pack.0)
    }

    #[inline(always)]
    fn store(self, pack: &mut Pack) {
        pack.0 = self.0;
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(from_fn(|i| {
            if FUSES {
                self.0[i].mul_add(factor.0[i], term.0[i])
            } else {
                self.0[i] * factor.0[i] + term.0[i]
            }
        }))
    }

    #[inline(always)]
    fn sum(self) -> f64 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }

    #[inline(always)]
    fn transpose(of: [Self; LANES]) -> [Self; LANES] {
        from_fn(|i| Self(from_fn(|j| of[j].0[i])))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.if_less(other, other, self)
    }

    #[inline(always)]
    fn if_less(self, bound: Self, then: Self, or: Self) -> Self {
        Self(from_fn(|i| {
            if self.0[i] < bound.0[i] {
                then.0[i]
            } else {
                or.0[i]
            }
        }))
    }

    #[inline(always)]
    fn above(self, bound: Self) -> u8 {
        let lanes = self.0.iter().zip(bound.0).enumerate();
        lanes.fold(0, |mask, (i, (x, b))| mask | u8::from(*x > b) << i)
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(self.0.map(|x| f64::from_bits(x.to_bits() << 52)))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let exponent = self.0.map(|x| {
            let shifted = x.to_bits().wrapping_add(super::elementary::TO_ONE);
            f64::from_bits((shifted >> 52) | super::elementary::TWO_52) - super::elementary::BIAS
        });
        let rest = self.0.map(|x| {
            let shifted = x.to_bits().wrapping_add(super::elementary::TO_ONE);
            f64::from_bits((shifted & super::elementary::FRACTION) + super::elementary::ROOT_HALF)
        });
        (Self(exponent), Self(rest))
    }
}
