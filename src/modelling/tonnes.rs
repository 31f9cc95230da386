//! Mass of CO2.

use bigdecimal::BigDecimal;
use diesel_derive_newtype::DieselNewType;
use serde::{Deserialize, Serialize};

use crate::decimal::as_written;
use crate::error::{Error, Result};

/// A mass of CO2 in metric tonnes, the unit of every CO2 column.
///
/// Kilograms do not pass for it:
///
/// ```
/// use bigdecimal::BigDecimal;
/// use planwright::modelling::Tonnes;
///
/// assert_eq!(Tonnes::from_kilograms(BigDecimal::from(1_250)).to_string(), "1.25");
/// assert!(Tonnes::try_from(f64::NAN).is_err());
/// ```
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    DieselNewType,
)]
#[serde(transparent)]
pub struct Tonnes(#[serde(deserialize_with = "as_written::deserialize")] BigDecimal);

impl Tonnes {
    /// A mass that is given in tonnes.
    pub fn new(tonnes: BigDecimal) -> Self {
        Self(tonnes)
    }

    /// A mass that is given in kilograms.
    pub fn from_kilograms(kilograms: BigDecimal) -> Self {
        let (units, scale) = kilograms.into_bigint_and_scale();
        Self(BigDecimal::from_bigint(units, scale.saturating_add(3)).normalized())
    }

    /// The mass in tonnes.
    pub fn value(&self) -> &BigDecimal {
        &self.0
    }
}

impl std::fmt::Display for Tonnes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<BigDecimal> for Tonnes {
    fn from(tonnes: BigDecimal) -> Self {
        Self(tonnes)
    }
}

/// The shortest decimal that is this number. Refuses NaN and infinities.
impl TryFrom<f64> for Tonnes {
    type Error = Error;

    fn try_from(tonnes: f64) -> Result<Self> {
        tonnes
            .to_string()
            .parse()
            .map(Self)
            .map_err(|_| Error::invalid("modelling::Tonnes", "value", "must be a finite number"))
    }
}
