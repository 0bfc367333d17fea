//! The numbers of IEEE 11073-20601: SFLOAT (exponent of 4 bits, mantissa of 12) and FLOAT (8 and 24), both parts two's
//! complement, with values that stand for none.

use crate::signal::Missing;

/// A number, or why there is none: NaN is not a number; an infinity and `NRes` (none at this resolution) lie outside of
/// what can be written.
pub(super) type Number = Result<f64, Missing>;

/// SFLOAT.
pub(super) fn sfloat(bits: u16) -> Number {
    let mantissa = i32::from(bits & 0x0fff);
    let exponent = i32::from(bits >> 12);
    of(mantissa, 12, sign(exponent, 4))
}

/// FLOAT.
pub(super) fn float(bits: u32) -> Number {
    let mantissa = i32::try_from(bits & 0x00ff_ffff).unwrap_or_default();
    let exponent = i32::try_from(bits >> 24).unwrap_or_default();
    of(mantissa, 24, sign(exponent, 8))
}

/// A mantissa of so many bits; around its ends, with an exponent of 0, the marks stand.
fn of(mantissa: i32, bits: u32, exponent: i32) -> Number {
    let middle = 1 << (bits - 1);
    match mantissa - middle {
        _ if exponent != 0 => Ok(scaled(sign(mantissa, bits), exponent)),
        // NaN, and what is reserved.
        -1 | 1 => Err(Missing::NotANumber),
        // +Infinity, NRes, -Infinity.
        -2 | 0 | 2 => Err(Missing::OutOfRange),
        _ => Ok(scaled(sign(mantissa, bits), exponent)),
    }
}

const fn sign(value: i32, bits: u32) -> i32 {
    if value >= 1 << (bits - 1) {
        value - (1 << bits)
    } else {
        value
    }
}

/// Divided, not multiplied by a tenth: 364 / 10 is 36.4.
fn scaled(mantissa: i32, exponent: i32) -> f64 {
    let power = 10f64.powi(exponent.abs());
    let mantissa = f64::from(mantissa);
    if exponent < 0 {
        mantissa / power
    } else {
        mantissa * power
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_twos_complement() {
        assert_eq!(sfloat(0x007D), Ok(125.0));
        assert_eq!(sfloat(0xF16C), Ok(36.4));
        assert_eq!(sfloat(0x0FFF), Ok(-1.0));
        assert_eq!(sfloat(0x1001), Ok(10.0));
        assert_eq!(sfloat(0x8001), Ok(1e-8));
        assert_eq!(sfloat(0x07FD), Ok(2045.0));
        assert_eq!(sfloat(0xF7FF), Ok(204.7));
        assert_eq!(float(0xFF00_016C), Ok(36.4));
        assert_eq!(float(0xFEFF_FFFF), Ok(-0.01));
    }

    #[test]
    fn what_stands_for_no_number_is_why_there_is_none() {
        for (short, long, why) in [
            (0x07FF, 0x007F_FFFF, Missing::NotANumber),
            (0x0801, 0x0080_0001, Missing::NotANumber),
            (0x0800, 0x0080_0000, Missing::OutOfRange),
            (0x07FE, 0x007F_FFFE, Missing::OutOfRange),
            (0x0802, 0x0080_0002, Missing::OutOfRange),
        ] {
            assert_eq!(sfloat(short), Err(why), "{short:#x}");
            assert_eq!(float(long), Err(why), "{long:#x}");
        }
    }
}
