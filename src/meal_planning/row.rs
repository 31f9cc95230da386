//! The rows that a plan consists of, one by one.

use std::fmt;

use bigdecimal::BigDecimal;
use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::content::{LineId, MealId, SectionId};
use super::ingredient::IngredientId;

/// Which row of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowId {
    /// The plan itself, which is always there.
    Plan,
    /// A meal.
    Meal(MealId),
    /// A section.
    Section(SectionId),
    /// A line.
    Line(LineId),
}

/// Whose rows stand in an order of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parent {
    /// The meals of a day.
    Day(i32),
    /// The sections of a meal.
    Meal(MealId),
    /// The lines of a section.
    Section(SectionId),
}

impl Parent {
    /// The parent as a row. A day is none.
    pub(super) fn row(self) -> Option<RowId> {
        match self {
            Self::Day(_) => None,
            Self::Meal(id) => Some(RowId::Meal(id)),
            Self::Section(id) => Some(RowId::Section(id)),
        }
    }
}

/// What is stored of a row. The place among its siblings is none of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// The plan itself.
    Plan {
        /// What it is called.
        name: String,
    },
    /// A meal.
    Meal {
        /// The day of the plan, from 0.
        day: i32,
        /// What people call it.
        name: String,
        /// When it is eaten, of the day's local time.
        meal_time: NaiveTime,
    },
    /// A section.
    Section {
        /// Its meal.
        meal_id: MealId,
        /// What people call it, where it has a name.
        name: Option<String>,
    },
    /// A line.
    Line {
        /// Its section.
        section_id: SectionId,
        /// The ingredient.
        ingredient_id: IngredientId,
        /// How much of it, in g, rounded as it is stored.
        quantity_g: BigDecimal,
    },
}

/// Which field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The day of a meal, the meal of a section, the section of a line.
    Parent,
    /// The name of the plan, a meal or a section.
    Name,
    /// The time of a meal.
    MealTime,
    /// The ingredient of a line.
    IngredientId,
    /// The quantity of a line.
    QuantityG,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Of [`Field::Parent`].
    Parent(Parent),
    /// Of [`Field::Name`]. `None` in a section without name.
    Name(Option<String>),
    /// Of [`Field::MealTime`].
    MealTime(NaiveTime),
    /// Of [`Field::IngredientId`].
    IngredientId(IngredientId),
    /// Of [`Field::QuantityG`], in g.
    QuantityG(BigDecimal),
}

impl Row {
    /// The fields of such a row.
    pub fn fields(&self) -> &'static [Field] {
        match self {
            Self::Plan { .. } => &[Field::Name],
            Self::Meal { .. } => &[Field::Parent, Field::Name, Field::MealTime],
            Self::Section { .. } => &[Field::Parent, Field::Name],
            Self::Line { .. } => &[Field::Parent, Field::IngredientId, Field::QuantityG],
        }
    }

    /// Whose row it is. `None` for the plan.
    pub fn parent(&self) -> Option<Parent> {
        match self {
            Self::Plan { .. } => None,
            Self::Meal { day, .. } => Some(Parent::Day(*day)),
            Self::Section { meal_id, .. } => Some(Parent::Meal(*meal_id)),
            Self::Line { section_id, .. } => Some(Parent::Section(*section_id)),
        }
    }

    /// What a field holds. `None` where such a row has no such field.
    pub fn value(&self, field: Field) -> Option<Value> {
        Some(match (field, self) {
            (Field::Parent, row) => Value::Parent(row.parent()?),
            (Field::Name, Self::Plan { name } | Self::Meal { name, .. }) => {
                Value::Name(Some(name.clone()))
            }
            (Field::Name, Self::Section { name, .. }) => Value::Name(name.clone()),
            (Field::MealTime, Self::Meal { meal_time, .. }) => Value::MealTime(*meal_time),
            (Field::IngredientId, Self::Line { ingredient_id, .. }) => {
                Value::IngredientId(*ingredient_id)
            }
            (Field::QuantityG, Self::Line { quantity_g, .. }) => {
                Value::QuantityG(quantity_g.clone())
            }
            _ => return None,
        })
    }

    /// A value of another kind of row changes nothing.
    pub(super) fn set(&mut self, value: Value) {
        match (self, value) {
            (Self::Meal { day, .. }, Value::Parent(Parent::Day(new))) => *day = new,
            (Self::Section { meal_id, .. }, Value::Parent(Parent::Meal(new))) => *meal_id = new,
            (Self::Line { section_id, .. }, Value::Parent(Parent::Section(new))) => {
                *section_id = new;
            }
            (Self::Plan { name } | Self::Meal { name, .. }, Value::Name(Some(new))) => *name = new,
            (Self::Section { name, .. }, Value::Name(new)) => *name = new,
            (Self::Meal { meal_time, .. }, Value::MealTime(new)) => *meal_time = new,
            (Self::Line { ingredient_id, .. }, Value::IngredientId(new)) => *ingredient_id = new,
            (Self::Line { quantity_g, .. }, Value::QuantityG(new)) => *quantity_g = new,
            _ => {}
        }
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan => f.write_str("plan"),
            Self::Meal(id) => write!(f, "meal {id}"),
            Self::Section(id) => write!(f, "section {id}"),
            Self::Line(id) => write!(f, "line {id}"),
        }
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "day {day}"),
            Self::Meal(id) => write!(f, "meal {id}"),
            Self::Section(id) => write!(f, "section {id}"),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parent => "parent",
            Self::Name => "name",
            Self::MealTime => "meal_time",
            Self::IngredientId => "ingredient_id",
            Self::QuantityG => "quantity_g",
        })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parent(parent) => parent.fmt(f),
            Self::Name(Some(name)) => write!(f, "{name:?}"),
            Self::Name(None) => f.write_str("no name"),
            Self::MealTime(time) => time.fmt(f),
            Self::IngredientId(id) => write!(f, "ingredient {id}"),
            Self::QuantityG(quantity) => write!(f, "{} g", quantity.normalized()),
        }
    }
}
