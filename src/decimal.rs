//! Decimal numbers on their way to `numeric(p, s)` columns.

use bigdecimal::num_bigint::Sign;
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use diesel::data_types::PgNumeric;
use diesel::pg::Pg;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Numeric;

/// A number that fits a `numeric(p, s)` column with p up to 18 and s up to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fixed {
    /// The value times ten to the power of `scale`.
    pub(crate) units: i64,
    pub(crate) scale: u8,
}

impl Fixed {
    pub(crate) const fn zero(scale: u8) -> Self {
        Self { units: 0, scale }
    }

    /// Rounds to the scale, half away from zero. `None` where the result has more than
    /// `precision` digits.
    pub(crate) fn new(value: &BigDecimal, precision: u8, scale: u8) -> Option<Self> {
        if value.sign() == Sign::NoSign {
            return Some(Self::zero(scale));
        }
        // Exponents are looked at first: rounding 1e1000000000 would need that many digits.
        let exponent = i128::from(value.digits()) - i128::from(value.fractional_digit_count());
        if exponent > i128::from(precision - scale) {
            return None;
        }
        if exponent < -i128::from(scale) {
            return Some(Self::zero(scale));
        }
        let rounded = value.with_scale_round(i64::from(scale), RoundingMode::HalfUp);
        let units = rounded.as_bigint_and_exponent().0.to_i64()?;
        (units.unsigned_abs() < 10_u64.pow(u32::from(precision))).then_some(Self { units, scale })
    }
}

impl ToSql<Numeric, Pg> for Fixed {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let scale = u16::from(self.scale);
        let (weight, digits) = self.base_10000();
        let numeric = if self.units < 0 {
            PgNumeric::Negative { weight, scale, digits }
        } else {
            PgNumeric::Positive { weight, scale, digits }
        };
        ToSql::<Numeric, Pg>::to_sql(&numeric, &mut out.reborrow())
    }
}

impl Fixed {
    /// The digits in base 10,000, and the weight of the first.
    fn base_10000(self) -> (i16, Vec<i16>) {
        const BASE: u128 = 10_000;
        let mut rest =
            u128::from(self.units.unsigned_abs()) * 10_u128.pow(u32::from(4 - self.scale));
        let mut digits = Vec::with_capacity(6);
        while rest > 0 {
            digits.push(i16::try_from(rest % BASE).expect("less than the base"));
            rest /= BASE;
        }
        digits.reverse();
        // The last digit has weight -1.
        let weight = i16::try_from(digits.len()).expect("a handful") - 2;
        (weight, digits)
    }
}

/// Reads a JSON number as the decimal that was written, where `BigDecimal` reads the binary
/// fraction nearest to it, which rounds differently: 1.005 would become 1.00.
pub(crate) mod as_written {
    use std::str::FromStr;

    use bigdecimal::BigDecimal;
    use serde::de::{Deserializer, Error, Unexpected, Visitor};

    /// More characters than any number here needs.
    const LONGEST: usize = 100;

    struct Written;

    impl Visitor<'_> for Written {
        type Value = BigDecimal;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a decimal number, or one in a string of at most 100 characters")
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<BigDecimal, E> {
            Ok(value.into())
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<BigDecimal, E> {
            Ok(value.into())
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<BigDecimal, E> {
            BigDecimal::from_str(&value.to_string())
                .map_err(|_| E::invalid_value(Unexpected::Float(value), &self))
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<BigDecimal, E> {
            // The time to read digits grows with their square.
            if value.len() > LONGEST {
                return Err(E::invalid_length(value.len(), &self));
            }
            BigDecimal::from_str(value).map_err(|_| E::invalid_value(Unexpected::Str(value), &self))
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BigDecimal, D::Error> {
        from.deserialize_any(Written)
    }

    pub(crate) mod optional {
        use bigdecimal::BigDecimal;
        use serde::{Deserialize, Deserializer};

        #[derive(Deserialize)]
        struct One(#[serde(with = "super")] BigDecimal);

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<BigDecimal>, D::Error> {
            Ok(Option::<One>::deserialize(from)?.map(|one| one.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use proptest::prelude::*;

    use super::*;

    fn fixed(text: &str, precision: u8, scale: u8) -> Option<i64> {
        Fixed::new(&BigDecimal::from_str(text).unwrap(), precision, scale).map(|f| f.units)
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        assert_eq!(fixed("1.005", 12, 2), Some(101));
        assert_eq!(fixed("-1.005", 12, 2), Some(-101));
        assert_eq!(fixed("1.00499", 12, 2), Some(100));
        assert_eq!(fixed("0.00005", 10, 4), Some(1));
        assert_eq!(fixed("0.005", 12, 2), Some(1));
        assert_eq!(fixed("-0.0049", 12, 2), Some(0));
    }

    #[test]
    fn what_does_not_fit_is_refused_in_no_time() {
        assert_eq!(fixed("9999999999.99", 12, 2), Some(999_999_999_999));
        assert_eq!(fixed("9999999999.995", 12, 2), None);
        assert_eq!(fixed("10000000000", 12, 2), None);
        assert_eq!(fixed("1e1000000000", 12, 2), None);
        assert_eq!(fixed("1e-1000000000", 12, 2), Some(0));
        assert_eq!(fixed("0e1000000000", 12, 2), Some(0));
        assert_eq!(fixed("100e-2", 5, 2), Some(100));
        assert_eq!(fixed("1e2", 5, 2), Some(10_000));
    }

    #[test]
    fn a_json_number_is_the_decimal_that_was_written() {
        #[derive(serde::Deserialize)]
        struct Line(#[serde(with = "as_written")] BigDecimal);
        for text in ["1.005", "\"1.005\"", "12", "-3"] {
            let Line(value) = serde_json::from_str(text).unwrap();
            assert_eq!(value.to_string(), text.trim_matches('"'));
        }
        let long = format!("\"{}\"", "1".repeat(10 << 20));
        assert!(serde_json::from_str::<Line>(&long).is_err());
        for text in ["NaN", "\"NaN\"", "\"Infinity\"", "true", "\"\"", "[]"] {
            assert!(serde_json::from_str::<Line>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn digits_make_the_number_again(units in any::<i64>(), scale in 0_u8..=4) {
            let (weight, digits) = Fixed { units, scale }.base_10000();
            let mut value = BigDecimal::from(0);
            for (place, digit) in digits.iter().enumerate() {
                let exponent = i64::from(weight) - i64::try_from(place).unwrap();
                value += BigDecimal::new((*digit).into(), -4 * exponent);
            }
            prop_assert_eq!(value, BigDecimal::new(units.unsigned_abs().into(), i64::from(scale)));
        }
    }
}
