//! exp and ln of whole vectors.
//!
//! Both reduce the argument as Cody & Waite (*Software Manual for the Elementary Functions*, 1980) do and
//! end in a polynomial. The coefficients are minimax ones for the relative error of the result (Remez'
//! exchange in fifty digits): 3.6e-18 for exp, 1.2e-18 for ln, so that rounding is all that is left.

use std::f64::consts::LOG2_E;

use super::Vector;

/// ln 2 in two parts: a multiple of the first by an integer below 2²¹ is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Added to a number it leaves the nearest integer, plus the exponent's bias, in the lowest bits.
const TO_INTEGER: f64 = 6_755_399_441_055_744.0 + BIAS_OF_EXPONENT;
const BIAS_OF_EXPONENT: f64 = 1023.0;

/// exp underflows to 0 from here on.
const LEAST: f64 = -708.0;

/// (eʳ − 1 − r)/r² on |r| ≤ ½ ln 2.
const EXP: [f64; 10] = [
    0.500_000_000_000_001_1,
    0.166_666_666_666_664_13,
    0.041_666_666_666_530_155,
    0.008_333_333_333_494_461,
    0.001_388_888_894_363_013_4,
    0.000_198_412_695_065_787_23,
    2.480_149_309_888_739e-5,
    2.755_758_637_378_518e-6,
    2.763_024_838_532_302e-7,
    2.500_006_162_553_128e-8,
];

/// (ln((1+s)/(1−s))/s − 2)/s² as a polynomial in s², for √½ ≤ (1+s)/(1−s) ≤ √2.
const LN: [f64; 7] = [
    0.666_666_666_666_673_5,
    0.399_999_999_994_128_83,
    0.285_714_287_428_251_45,
    0.222_221_985_245_928_54,
    0.181_835_670_325_369_07,
    0.153_139_769_056_139_55,
    0.147_967_287_344_533_27,
];

/// What [`Vector::split`] is made of. Bits of 1.0 − bits of √½: added to the bits of x they make the exponent
/// step where x passes a power of two times √½.
pub(super) const TO_ONE: u64 = 0x3ff0_0000_0000_0000 - ROOT_HALF;
/// The bits of √½.
pub(super) const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
/// The bits of a number's fraction.
pub(super) const FRACTION: u64 = 0x000f_ffff_ffff_ffff;
/// The bits of 2⁵²: an integer below it, put into the fraction, is that number more.
pub(super) const TWO_52: u64 = 0x4330_0000_0000_0000;
/// What has to be taken away again, with the bias of the exponent.
pub(super) const BIAS: f64 = 4_503_599_627_370_496.0 + BIAS_OF_EXPONENT;

#[inline(always)]
fn horner<V: Vector, const N: usize>(coefficients: &[f64; N], x: V) -> V {
    let mut sum = V::splat(coefficients[N - 1]);
    for c in coefficients[..N - 1].iter().rev() {
        sum = sum.mul_add(x, V::splat(*c));
    }
    sum
}

/// eˣ for x ≤ 709, to within an ulp; 0 for x below −708.
#[inline(always)]
pub(crate) fn exp<V: Vector>(x: V) -> V {
    let least = V::splat(LEAST);
    let kept = x.max(least);
    // x = n·ln 2 + r.
    let shifted = kept.mul_add(V::splat(LOG2_E), V::splat(TO_INTEGER));
    let n = shifted - V::splat(TO_INTEGER);
    let r = n.mul_add(V::splat(-LN_2_HIGH), kept);
    let r = n.mul_add(V::splat(-LN_2_LOW), r);
    let power = (r * r).mul_add(horner(&EXP, r), r) + V::splat(1.0);
    x.if_less(least, V::splat(0.0), power * shifted.power_of_two())
}

/// ln x for normal x > 0, to within two ulps.
#[inline(always)]
pub(crate) fn ln<V: Vector>(x: V) -> V {
    let (exponent, rest) = x.split();
    // rest = 1 + f = (1+s)/(1−s), and ln(1+f) = f − s·(f − s²·P(s²)).
    let f = rest - V::splat(1.0);
    let s = f / (f + V::splat(2.0));
    let s2 = s * s;
    let tail = s * (f - s2 * horner(&LN, s2));
    let low = exponent.mul_add(V::splat(LN_2_LOW), V::splat(0.0) - tail);
    exponent.mul_add(V::splat(LN_2_HIGH), f + low)
}
