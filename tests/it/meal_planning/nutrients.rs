//! Sums of drafts and versions, against sums that are made here.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::str::FromStr;

use bigdecimal::{BigDecimal, RoundingMode};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Numeric};
use planwright::meal_planning::{
    Content, DraftId, IngredientId, Line, Nutrients, PlanNutrients, Revision, Section, Total,
    VersionId,
};
use planwright::{Error, UserId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Kitchen;
use super::by_hand::version_of;
use crate::support::{execute, number, text};

type Values = [BigDecimal; 9];

/// What there is per 100 g of each ingredient.
type Table = BTreeMap<IngredientId, Values>;

fn table(kitchen: &Kitchen) -> Table {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        ingredient_id: IngredientId,
        #[diesel(sql_type = Numeric)]
        energy_kcal: BigDecimal,
        #[diesel(sql_type = Numeric)]
        protein_g: BigDecimal,
        #[diesel(sql_type = Numeric)]
        carbohydrate_g: BigDecimal,
        #[diesel(sql_type = Numeric)]
        sugars_g: BigDecimal,
        #[diesel(sql_type = Numeric)]
        fat_g: BigDecimal,
        #[diesel(sql_type = Numeric)]
        saturated_fat_g: BigDecimal,
        #[diesel(sql_type = Numeric)]
        fibre_g: BigDecimal,
        #[diesel(sql_type = Numeric)]
        salt_g: BigDecimal,
        #[diesel(sql_type = Numeric)]
        water_g: BigDecimal,
    }
    let rows: Vec<Row> = kitchen
        .store()
        .read(|uow| Ok(diesel::sql_query("SELECT * FROM ingredients").load(uow.connection())?))
        .unwrap();
    let values = |of: Row| {
        let Row { energy_kcal, protein_g, carbohydrate_g, sugars_g, fat_g, .. } = of;
        let Row { saturated_fat_g, fibre_g, salt_g, water_g, .. } = of;
        let first = [energy_kcal, protein_g, carbohydrate_g, sugars_g, fat_g];
        let values: Vec<_> =
            first.into_iter().chain([saturated_fat_g, fibre_g, salt_g, water_g]).collect();
        (of.ingredient_id, values.try_into().unwrap())
    };
    rows.into_iter().map(values).collect()
}

/// The sum of these lines: exact, and rounded at the end.
fn total<'a>(table: &Table, lines: impl Iterator<Item = &'a Line>) -> Total {
    let mut quantity_g = BigDecimal::from(0);
    let mut sums = Values::default();
    for line in lines {
        quantity_g += &line.quantity_g;
        for (sum, value) in sums.iter_mut().zip(&table[&line.ingredient_id]) {
            *sum += &line.quantity_g * value;
        }
    }
    let percent = BigDecimal::from_str("0.01").unwrap();
    let [
        energy_kcal,
        protein_g,
        carbohydrate_g,
        sugars_g,
        fat_g,
        saturated_fat_g,
        fibre_g,
        salt_g,
        water_g,
    ] = sums.map(|sum| (sum * &percent).with_scale_round(3, RoundingMode::HalfUp));
    let nutrients = Nutrients {
        energy_kcal,
        protein_g,
        carbohydrate_g,
        sugars_g,
        fat_g,
        saturated_fat_g,
        fibre_g,
        salt_g,
        water_g,
    };
    Total { quantity_g, nutrients }
}

fn assert_sums(found: &PlanNutrients, content: &Content, table: &Table) {
    let lines = |section: &'_ Section| section.lines.clone();
    let all: Vec<Line> = content.meals.iter().flat_map(|m| &m.sections).flat_map(lines).collect();
    assert_eq!(found.total, total(table, all.iter()));

    let mut days: Vec<i32> = content.meals.iter().map(|meal| meal.day).collect();
    days.dedup();
    assert_eq!(found.days.iter().map(|day| day.day).collect::<Vec<_>>(), days);
    for day in &found.days {
        let meals: Vec<_> = content.meals.iter().filter(|meal| meal.day == day.day).collect();
        let of_day = meals.iter().flat_map(|meal| &meal.sections).flat_map(|of| &of.lines);
        assert_eq!(day.total, total(table, of_day), "day {}", day.day);
        assert_eq!(day.meals.len(), meals.len());
        for (found, meal) in day.meals.iter().zip(meals) {
            assert_eq!(found.meal_id, meal.id);
            assert_eq!(found.total, total(table, meal.sections.iter().flat_map(|of| &of.lines)));
            assert_eq!(found.sections.len(), meal.sections.len());
            for (found, section) in found.sections.iter().zip(&meal.sections) {
                assert_eq!(found.section_id, section.id);
                assert_eq!(found.total, total(table, section.lines.iter()));
            }
        }
    }

    let mut used: Vec<_> = all.iter().map(|line| line.ingredient_id).collect();
    used.sort_unstable();
    used.dedup();
    let listed: Vec<_> = found.ingredients.iter().map(|of| of.ingredient_id).collect();
    assert_eq!(listed, used);
    for of in &found.ingredients {
        let lines = all.iter().filter(|line| line.ingredient_id == of.ingredient_id);
        assert_eq!(of.total, total(table, lines));
    }
}

/// Ingredients with values of three places.
fn uneven(kitchen: &mut Kitchen) {
    let sql = "INSERT INTO ingredients (name, energy_kcal, protein_g, carbohydrate_g, sugars_g,
                                        fat_g, saturated_fat_g, fibre_g, salt_g, water_g)
               SELECT 'uneven ' || n, v[1] * 10, v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]
                 FROM generate_series(1, 12) n
                CROSS JOIN LATERAL (
                    SELECT array_agg((n::bigint * 7919 * k * 104729 % 100000) / 1000.0) AS v
                      FROM generate_series(1, 9) k) s";
    kitchen.store().write(|uow| execute(uow, sql)).unwrap();
    kitchen.ingredients = table(kitchen).into_keys().collect();
}

fn put(kitchen: &Kitchen, expected: Revision, content: &Content) -> Revision {
    let (user, draft) = (kitchen.user, kitchen.draft.draft_id);
    kitchen.store().write(|uow| uow.meal_plan_drafts(user).put(draft, expected, content)).unwrap()
}

fn of_draft(kitchen: &Kitchen, user: UserId, draft: DraftId) -> planwright::Result<PlanNutrients> {
    kitchen.store().read(|uow| uow.meal_plan_drafts(user).nutrients(draft))
}

fn of_version(kitchen: &Kitchen, version: VersionId) -> planwright::Result<PlanNutrients> {
    kitchen.store().read(|uow| uow.meal_plan_versions().nutrients(version))
}

fn version(kitchen: &Kitchen) -> VersionId {
    kitchen.store().write(|uow| version_of(uow, kitchen.draft.draft_id)).unwrap()
}

/// Of a meal, its sections: of each line, which ingredient, and how many thousandths of a gram.
type Sections = Vec<Vec<(usize, u32)>>;

/// Meals day by day. Some quantities are 0.
fn tree() -> impl Strategy<Value = Vec<Vec<Sections>>> {
    let quantity = prop_oneof![Just(0_u32), 1..1_000_u32, 1_000..9_999_999_u32];
    let lines = prop::collection::vec((0..24_usize, quantity), 0..6);
    let sections = prop::collection::vec(lines, 0..4);
    prop::collection::vec(prop::collection::vec(sections, 1..4), 0..4)
}

#[test]
fn sums_are_those_that_rust_makes_of_any_content() {
    let mut kitchen = Kitchen::new();
    uneven(&mut kitchen);
    let table = table(&kitchen);
    let mut runner = TestRunner::new(Config { cases: 32, ..Config::default() });
    let last = Cell::new(kitchen.draft.revision);
    let check = |days: Vec<Vec<Sections>>| {
        let mut content = kitchen.content([0, 0, 0, 0]);
        for (day, meals) in days.iter().enumerate() {
            let mut of_day = kitchen.content([1, i32::try_from(meals.len()).unwrap(), 0, 0]).meals;
            for (meal, sections) in of_day.iter_mut().zip(meals) {
                // Days without meals lie between.
                meal.day = 3 * i32::try_from(day).unwrap();
                for lines in sections {
                    let line = |&(nth, quantity): &(usize, u32)| {
                        Line::new(kitchen.ingredients[nth], BigDecimal::new(quantity.into(), 3))
                    };
                    let mut section = Section::new();
                    section.lines = lines.iter().map(line).collect();
                    meal.sections.push(section);
                }
            }
            content.meals.extend(of_day);
        }
        last.set(put(&kitchen, last.get(), &content));
        let draft = of_draft(&kitchen, kitchen.user, kitchen.draft.draft_id).unwrap();
        assert_sums(&draft, &content, &table);
        assert_eq!(of_version(&kitchen, version(&kitchen)).unwrap(), draft);
        Ok(())
    };
    runner.run(&tree(), check).unwrap();
    assert!(last.get() > kitchen.draft.revision);
}

#[test]
fn what_is_rounded_is_the_sum_alone() {
    let kitchen = Kitchen::new();
    // 11 kcal per 100 g: 0.00044 kcal in each line, 0.00176 in all of them, and 0.0055 in 50 mg.
    let line = |thousandths: i64| {
        Line::new(kitchen.ingredients[0], BigDecimal::new(thousandths.into(), 3))
    };
    let mut content = kitchen.content([1, 2, 2, 0]);
    for meal in &mut content.meals {
        for section in &mut meal.sections {
            section.lines.push(line(4));
        }
    }
    let revision = put(&kitchen, kitchen.draft.revision, &content);
    let kcal = |of: &Total| format!("{:.3}", of.nutrients.energy_kcal);
    let sums = of_draft(&kitchen, kitchen.user, kitchen.draft.draft_id).unwrap();
    let (day, meal) = (&sums.days[0], &sums.days[0].meals[0]);
    assert_eq!(kcal(&meal.sections[0].total), "0.000");
    assert_eq!(kcal(&meal.total), "0.001");
    assert_eq!(kcal(&day.total), "0.002", "of the meals it would be 0.002, of the sections 0");
    assert_eq!(kcal(&sums.total), "0.002");
    assert_eq!(kcal(&sums.ingredients[0].total), "0.002");

    // A half goes up; and of ten such the sum is not ten times the rounded one.
    for meal in &mut content.meals {
        meal.sections[0].lines = vec![line(50)];
        meal.sections[1].lines = Vec::new();
    }
    put(&kitchen, revision, &content);
    let sums = of_draft(&kitchen, kitchen.user, kitchen.draft.draft_id).unwrap();
    assert_eq!(kcal(&sums.days[0].meals[0].total), "0.006");
    assert_eq!(kcal(&sums.total), "0.011");
    assert_eq!(kcal(&sums.days[0].meals[0].sections[1].total), "0.000");
}

#[test]
fn the_largest_quantities_are_summed_exactly() {
    let mut kitchen = Kitchen::new();
    uneven(&mut kitchen);
    let mut content = kitchen.content([1, 1, 1, 0]);
    let quantity = BigDecimal::new(9_999_999_999_i64.into(), 3);
    for _ in 0..40 {
        for ingredient in &kitchen.ingredients {
            content.meals[0].sections[0].lines.push(Line::new(*ingredient, quantity.clone()));
        }
    }
    put(&kitchen, kitchen.draft.revision, &content);
    let sums = of_draft(&kitchen, kitchen.user, kitchen.draft.draft_id).unwrap();
    assert_sums(&sums, &content, &table(&kitchen));
}

#[test]
fn better_values_leave_a_version_as_it_was() {
    let kitchen = Kitchen::new();
    put(&kitchen, kitchen.draft.revision, &kitchen.content([2, 2, 1, 3]));
    let version = version(&kitchen);
    let before = of_version(&kitchen, version).unwrap();
    let sql = "WITH better AS (
                   INSERT INTO ingredients (name, energy_kcal, protein_g, carbohydrate_g, sugars_g,
                                            fat_g, saturated_fat_g, fibre_g, salt_g, water_g)
                   SELECT 'better ' || name, 900, 1, 1, 1, 1, 1, 1, 1, 1 FROM ingredients
                   RETURNING ingredient_id, name)
               UPDATE ingredients i SET superseded_by = b.ingredient_id
                 FROM better b WHERE b.name = 'better ' || i.name";
    assert_eq!(kitchen.store().write(|uow| execute(uow, sql)).unwrap(), 12);
    assert_eq!(of_version(&kitchen, version).unwrap(), before);
}

#[test]
fn what_is_empty_is_there_with_zeros() {
    let kitchen = Kitchen::new();
    let (user, draft) = (kitchen.user, kitchen.draft.draft_id);
    let read = || of_draft(&kitchen, user, draft).unwrap();
    assert_eq!(read(), PlanNutrients::default());

    let mut content = kitchen.content([2, 2, 1, 0]);
    content.meals[0].sections.clear();
    put(&kitchen, kitchen.draft.revision, &content);
    let sums = read();
    assert_sums(&sums, &content, &table(&kitchen));
    assert_eq!((sums.days.len(), sums.days[0].meals.len()), (2, 2));
    assert_eq!(sums.days[1].total, Total::default());
    // A plan, two days, four meals, three sections.
    let rows = format!("SELECT count(*) FROM draft_nutrients WHERE draft_id = {}", draft.0);
    assert_eq!(number(kitchen.store(), &rows), 10);
}

#[test]
fn what_is_not_there_or_of_another_user_is_not_found() {
    let kitchen = Kitchen::new();
    let (user, draft) = (kitchen.user, kitchen.draft.draft_id);
    for (user, draft) in [(user, DraftId(draft.0 + 1)), (UserId::new(), draft)] {
        let refused = of_draft(&kitchen, user, draft).unwrap_err();
        assert!(
            matches!(refused, Error::NotFound { entity: "meal_planning::Draft", .. }),
            "{refused:?}"
        );
    }
    let refused = of_version(&kitchen, VersionId(4711)).unwrap_err();
    assert!(
        matches!(refused, Error::NotFound { entity: "meal_planning::Version", .. }),
        "{refused:?}"
    );
    assert_eq!(number(kitchen.store(), "SELECT count(*) FROM version_nutrients(4711)"), 0);
}

#[test]
fn a_view_of_one_version_reads_the_lines_of_no_other() {
    const READ: &str = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)
                          FROM pg_stat_xact_user_tables WHERE relname = 'ingredient_versions'";
    let kitchen = Kitchen::new();
    put(&kitchen, kitchen.draft.revision, &kitchen.content([7, 4, 1, 6]));
    let lines = 7 * 4 * 6;
    let versions: Vec<_> = kitchen
        .store()
        .write(|uow| {
            let versions =
                (0..50).map(|_| version_of(uow, kitchen.draft.draft_id)).collect::<Vec<_>>();
            execute(uow, "ANALYZE")?;
            versions.into_iter().collect::<planwright::Result<_>>()
        })
        .unwrap();
    let read = |sql: &str| {
        // A session reports its counters from time to time only.
        let counted = kitchen.store().read(|uow| {
            let before = text(uow, READ)?;
            execute(uow, sql)?;
            Ok([text(uow, READ)?, before].map(|count| count.parse::<i64>().unwrap()))
        });
        let [after, before] = counted.unwrap();
        after - before
    };
    let of = |what: &str| format!("SELECT * FROM version_nutrients{what}");
    let one = versions[20].0;
    // Once section by section, once by ingredient.
    let twice = 2 * lines;
    assert_eq!(read(&of(&format!(" WHERE plan_version_id = {one}"))), twice);
    assert_eq!(read(&of(&format!(" WHERE plan_version_id = {one} AND level = 'day'"))), lines);
    assert_eq!(read(&of(&format!("({one})"))), twice);
    let two = format!(" WHERE plan_version_id IN ({one}, {})", versions[3].0);
    assert_eq!(read(&of(&two)), 2 * twice);
    let plan = format!(
        " n JOIN plan_versions v USING (plan_version_id)
          WHERE v.plan_id = {} AND v.version_number = 7",
        kitchen.plan.plan_id.0
    );
    assert_eq!(read(&of(&plan)), twice);
    assert!(read(&of("")) >= 50 * lines, "so the counters count");
}

#[test]
fn a_role_that_may_read_the_views_alone_reads_their_sums() {
    let kitchen = Kitchen::new();
    put(&kitchen, kitchen.draft.revision, &kitchen.content([1, 1, 1, 2]));
    let version = version(&kitchen).0;
    let role = format!("analyst {}", kitchen.database.name());
    // A unit that is taken back takes the role along.
    planwright::testing::rolled_back(kitchen.store(), |uow| {
        execute(uow, &format!("CREATE ROLE \"{role}\""))?;
        let grant = format!("GRANT SELECT ON version_nutrients, draft_nutrients TO \"{role}\"");
        execute(uow, &grant)?;
        execute(uow, &format!("SET LOCAL ROLE \"{role}\""))?;
        for (of, rows) in [
            (format!("version_nutrients WHERE plan_version_id = {version}"), "6"),
            (format!("version_nutrients({version})"), "6"),
            ("draft_nutrients".to_owned(), "6"),
        ] {
            assert_eq!(text(uow, &format!("(SELECT count(*)::text FROM {of})"))?, rows, "{of}");
        }
        Ok(())
    })
    .unwrap();
}
