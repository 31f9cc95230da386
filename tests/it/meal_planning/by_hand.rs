//! Versions, as a commit would make them.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use planwright::meal_planning::{DraftId, VersionId};
use planwright::{Result, UnitOfWork};

/// The next version of the draft's plan, with all that is in the draft. The draft stays.
pub(crate) fn version_of(uow: &mut UnitOfWork<'_>, draft: DraftId) -> Result<VersionId> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        plan_version_id: VersionId,
    }
    let row: Row = diesel::sql_query(
        "INSERT INTO plan_versions
                (plan_id, version_number, name, author_id, message, content_digest)
         SELECT d.plan_id, 1 + (SELECT coalesce(max(v.version_number), 0) FROM plan_versions v
                                 WHERE v.plan_id = d.plan_id),
                d.name, d.user_id, '', draft_digest(d.draft_id)
           FROM draft_plans d WHERE d.draft_id = $1
         RETURNING plan_version_id",
    )
    .bind::<BigInt, _>(draft)
    .get_result(uow.connection())?;
    for copy in [
        "INSERT INTO meals_in_plan_versions (plan_version_id, meal_id, day, name, meal_time, position)
         SELECT $1, meal_id, day, name, meal_time, position FROM draft_meals WHERE draft_id = $2",
        "INSERT INTO meal_section_versions (plan_version_id, section_id, meal_id, name, position)
         SELECT $1, section_id, meal_id, name, position FROM draft_meal_sections WHERE draft_id = $2",
        "INSERT INTO ingredient_versions
                (plan_version_id, line_id, section_id, ingredient_id, quantity_g, position)
         SELECT $1, line_id, section_id, ingredient_id, quantity_g, position
           FROM draft_ingredients WHERE draft_id = $2",
    ] {
        diesel::sql_query(copy)
            .bind::<BigInt, _>(row.plan_version_id)
            .bind::<BigInt, _>(draft)
            .execute(uow.connection())?;
    }
    Ok(row.plan_version_id)
}
