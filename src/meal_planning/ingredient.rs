//! What meals are made of.

use crate::key::ids;

ids! {
    /// The key of an ingredient.
    IngredientId;
}
