//! What a replace stores: the input, validated and rounded, and its digest.

use std::fmt::Write as _;

use bigdecimal::BigDecimal;
use sha2::{Digest, Sha256};

use super::measure::{MAX_DESCRIPTION, MAX_MEASURE_TYPE, NewPlanMeasure};
use super::plan::NewPlan;
use super::tonnes::Tonnes;
use crate::decimal::Fixed;
use crate::error::{Error, Result};
use crate::input;

/// The most measures of a plan.
pub const MAX_MEASURES: usize = 10_000;

/// Says which rules made the digest. It goes up when a field is added to the content, so that
/// every plan is then replaced once.
const VERSION: u8 = 1;

/// A plan as it will be stored.
pub(super) struct Content<'a> {
    pub(super) plan: &'a NewPlan,
    pub(super) post_sap_points: Option<Fixed>,
    pub(super) post_co2_tonnes: Option<Fixed>,
    pub(super) co2_savings_tonnes: Option<Fixed>,
    pub(super) post_energy_kwh: Option<Fixed>,
    pub(super) energy_savings_kwh: Option<Fixed>,
    pub(super) post_energy_bill: Option<Fixed>,
    pub(super) energy_bill_savings: Option<Fixed>,
    pub(super) cost_of_works: Fixed,
    pub(super) contingency_cost: Fixed,
    pub(super) measures: Vec<Measure<'a>>,
    pub(super) digest: Vec<u8>,
}

/// A measure as it will be stored.
#[allow(clippy::struct_field_names)] // the column's name
pub(super) struct Measure<'a> {
    pub(super) measure_type: &'a str,
    pub(super) description: &'a str,
    pub(super) estimated_cost: Option<Fixed>,
    pub(super) already_installed: bool,
    pub(super) sap_points: Option<Fixed>,
    pub(super) co2_savings_tonnes: Option<Fixed>,
    pub(super) energy_savings_kwh: Option<Fixed>,
    pub(super) energy_bill_savings: Option<Fixed>,
}

/// Where a field of the input stands, for errors.
#[derive(Clone, Copy)]
struct Place {
    plan: Option<usize>,
    measure: Option<usize>,
}

impl Place {
    fn refuse(self, field: &str, reason: impl Into<String>) -> Error {
        let mut path = String::new();
        for (list, place) in [("plans", self.plan), ("measures", self.measure)] {
            if let Some(place) = place {
                write!(path, "{list}[{place}].").expect("a String takes any text");
            }
        }
        let entity = match self.measure {
            Some(_) => "modelling::NewPlanMeasure",
            None => "modelling::NewPlan",
        };
        Error::invalid(entity, path + field, reason)
    }

    fn number(
        self,
        field: &str,
        value: &BigDecimal,
        (precision, scale): (u8, u8),
    ) -> Result<Fixed> {
        Fixed::new(value, precision, scale).ok_or_else(|| {
            let whole = precision - scale;
            self.refuse(field, format!("must have at most {whole} digits before the point"))
        })
    }

    fn optional(
        self,
        field: &str,
        value: Option<&BigDecimal>,
        size: (u8, u8),
    ) -> Result<Option<Fixed>> {
        value.map(|value| self.number(field, value, size)).transpose()
    }

    fn not_negative(self, field: &str, value: Fixed) -> Result<Fixed> {
        if value.units < 0 { Err(self.refuse(field, "must not be negative")) } else { Ok(value) }
    }
}

const SAP_OF_PLAN: (u8, u8) = (5, 2);
const SAP_OF_MEASURE: (u8, u8) = (6, 2);
const TONNES: (u8, u8) = (10, 4);
const MONEY: (u8, u8) = (12, 2);
const ENERGY: (u8, u8) = (12, 2);

impl<'a> Content<'a> {
    /// Validates and rounds the input. `nth` is its place where there are several.
    pub(super) fn new(
        plan: &'a NewPlan,
        measures: &'a [NewPlanMeasure],
        nth: Option<usize>,
    ) -> Result<Self> {
        let at = Place { plan: nth, measure: None };
        input::key(plan.property_id.0).map_err(|why| at.refuse("property_id", why))?;
        input::key(plan.scenario_id.0).map_err(|why| at.refuse("scenario_id", why))?;
        if measures.len() > MAX_MEASURES {
            let rule = format!("must be at most {MAX_MEASURES}, not {}", measures.len());
            return Err(at.refuse("measures", rule));
        }
        let tonnes = |field, value: &'a Option<Tonnes>| {
            at.optional(field, value.as_ref().map(Tonnes::value), TONNES)
        };
        let other =
            |field, value: &'a Option<BigDecimal>, size| at.optional(field, value.as_ref(), size);
        let mut contingency = Fixed::zero(2);
        let stored: Result<Vec<_>> = measures
            .iter()
            .enumerate()
            .map(|(place, measure)| {
                let at = Place { measure: Some(place), ..at };
                let own = at.number("contingency", &measure.contingency, MONEY)?;
                contingency.units += at.not_negative("contingency", own)?.units;
                Measure::new(measure, at)
            })
            .collect();
        let measures = stored?;
        if contingency.units >= 1_000_000_000_000 {
            return Err(at.refuse("contingency_cost", "the measures' sum is over 9999999999.99"));
        }
        let mut content = Self {
            plan,
            post_sap_points: other("post_sap_points", &plan.post_sap_points, SAP_OF_PLAN)?,
            post_co2_tonnes: tonnes("post_co2_tonnes", &plan.post_co2_tonnes)?,
            co2_savings_tonnes: tonnes("co2_savings_tonnes", &plan.co2_savings_tonnes)?,
            post_energy_kwh: other("post_energy_kwh", &plan.post_energy_kwh, ENERGY)?,
            energy_savings_kwh: other("energy_savings_kwh", &plan.energy_savings_kwh, ENERGY)?,
            post_energy_bill: other("post_energy_bill", &plan.post_energy_bill, MONEY)?,
            energy_bill_savings: other("energy_bill_savings", &plan.energy_bill_savings, MONEY)?,
            cost_of_works: at.number("cost_of_works", &plan.cost_of_works, MONEY)?,
            contingency_cost: contingency,
            measures,
            digest: Vec::new(),
        };
        content.digest = content.digested();
        Ok(content)
    }

    pub(super) fn measure_count(&self) -> i64 {
        i64::try_from(self.measures.len()).expect("at most MAX_MEASURES")
    }

    /// Version and SHA-256 over every written field, each of them preceded by its length or by
    /// whether it is there, so that no two contents have the same bytes.
    fn digested(&self) -> Vec<u8> {
        let mut bytes = Bytes(Vec::with_capacity(256 + 192 * self.measures.len()));
        bytes.integer(self.plan.property_id.0);
        bytes.integer(self.plan.scenario_id.0);
        bytes.flag(self.plan.is_default);
        bytes.text(self.plan.post_epc_band.map_or("", super::EpcBand::letter));
        for number in [
            self.post_sap_points,
            self.post_co2_tonnes,
            self.co2_savings_tonnes,
            self.post_energy_kwh,
            self.energy_savings_kwh,
            self.post_energy_bill,
            self.energy_bill_savings,
            Some(self.cost_of_works),
            Some(self.contingency_cost),
        ] {
            bytes.number(number);
        }
        for measure in &self.measures {
            bytes.text(measure.measure_type);
            bytes.text(measure.description);
            bytes.flag(measure.already_installed);
            for number in [
                measure.estimated_cost,
                measure.sap_points,
                measure.co2_savings_tonnes,
                measure.energy_savings_kwh,
                measure.energy_bill_savings,
            ] {
                bytes.number(number);
            }
        }
        let mut digest = vec![VERSION];
        digest.extend_from_slice(&Sha256::digest(&bytes.0));
        digest
    }
}

impl<'a> Measure<'a> {
    fn new(measure: &'a NewPlanMeasure, at: Place) -> Result<Self> {
        input::name(&measure.measure_type, MAX_MEASURE_TYPE)
            .map_err(|why| at.refuse("measure_type", why))?;
        input::text(&measure.description, MAX_DESCRIPTION)
            .map_err(|why| at.refuse("description", why))?;
        let number = |field, value: Option<&BigDecimal>, size| at.optional(field, value, size);
        let cost = number("estimated_cost", measure.estimated_cost.as_ref(), MONEY)?;
        let co2 = measure.co2_savings_tonnes.as_ref().map(Tonnes::value);
        Ok(Self {
            measure_type: &measure.measure_type,
            description: &measure.description,
            estimated_cost: cost.map(|c| at.not_negative("estimated_cost", c)).transpose()?,
            already_installed: measure.already_installed,
            sap_points: number("sap_points", measure.sap_points.as_ref(), SAP_OF_MEASURE)?,
            co2_savings_tonnes: number("co2_savings_tonnes", co2, TONNES)?,
            energy_savings_kwh: number(
                "energy_savings_kwh",
                measure.energy_savings_kwh.as_ref(),
                ENERGY,
            )?,
            energy_bill_savings: number(
                "energy_bill_savings",
                measure.energy_bill_savings.as_ref(),
                MONEY,
            )?,
        })
    }
}

/// Canonical bytes.
struct Bytes(Vec<u8>);

impl Bytes {
    fn integer(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn flag(&mut self, value: bool) {
        self.0.push(value.into());
    }

    fn text(&mut self, value: &str) {
        self.0.extend_from_slice(&(value.len() as u64).to_le_bytes());
        self.0.extend_from_slice(value.as_bytes());
    }

    fn number(&mut self, value: Option<Fixed>) {
        self.flag(value.is_some());
        if let Some(value) = value {
            self.integer(value.units);
        }
    }
}
