//! Views that stand for what has moved.

use super::*;

#[test]
fn old_readers_and_writers_go_on_by_way_of_the_views() {
    let garden = Garden::new();
    let (app, stranger) = (garden.role("app"), garden.role("stranger"));
    garden.execute(&format!(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON bed, plant, visit TO {0}; GRANT SELECT ON users TO {0};
         GRANT USAGE ON SEQUENCE bed_number_seq TO {0};
         GRANT UPDATE (note) ON bed TO {1}; GRANT SELECT (id) ON bed TO {1}",
        app.name, stranger.name
    ));
    let catalog = garden.catalog();
    let relocator = || garden.relocator().compatibility_views();
    let plan = relocator().plan().unwrap();
    assert_eq!(plan.views, ["public.bed", "public.plant", "public.visit"]);
    let receipt = relocator().run().unwrap();
    assert_eq!(receipt.views.len(), 3, "{receipt}");
    assert!(relocator().run().unwrap().nothing_done());
    assert!(relocator().plan().unwrap().nothing_to_do());

    app.does(
        "INSERT INTO public.bed (user_id) SELECT id FROM public.users LIMIT 1;
         INSERT INTO public.plant (name) VALUES ('kale');
         UPDATE public.plant SET name = 'chard' WHERE name = 'kale';
         INSERT INTO public.visit (id) VALUES (7) ON CONFLICT (id) DO NOTHING;
         DELETE FROM public.visit WHERE id = 7;
         SELECT * FROM public.bed FOR UPDATE",
    )
    .unwrap();
    assert_eq!(garden.text("upper_name FROM garden.plant WHERE name = 'chard'"), "CHARD");
    // The default and the trigger are the table's.
    assert_eq!(garden.number("count(*) FROM garden.bed WHERE mood = 'calm' AND note = 'new'"), 1);
    // Who has some columns only, has them of the table only.
    let of = format!("[-] column privileges of {} (bed)", stranger.name);
    assert!(plan.to_string().contains(&of), "{plan}");
    stranger.does("UPDATE garden.bed SET note = 'x' WHERE id IS NULL").unwrap();
    assert!(stranger.does("SELECT id FROM public.bed").is_err());
    assert!(stranger.does("SELECT * FROM public.plant").is_err());

    let back = garden.relocator().reverse().unwrap();
    assert_eq!(back.views.len(), 3, "{back}");
    garden.execute("DELETE FROM plant WHERE name = 'chard'; DELETE FROM bed WHERE note = 'new'");
    assert_eq!(garden.catalog(), catalog);
}

#[test]
fn row_security_is_that_of_the_caller() {
    let garden = Garden::new();
    let app = garden.role("app");
    garden.execute(&format!(
        "GRANT SELECT ON plant TO {0}; ALTER TABLE plant ENABLE ROW LEVEL SECURITY;
         CREATE POLICY none ON plant TO {0} USING (name = 'nothing')",
        app.name
    ));
    garden.relocator().compatibility_views().run().unwrap();
    app.does("DO $$ BEGIN ASSERT (SELECT count(*) FROM public.plant) = 0; END $$").unwrap();
    assert_eq!(garden.number("count(*) FROM public.plant"), 2);
}

#[test]
fn views_come_later_and_go_by_themselves_and_others_are_not_taken_for_them() {
    let garden = Garden::new();
    garden.relocator().run().unwrap();
    assert!(garden.relocator().drop_compatibility_views().unwrap().views.is_empty());
    let receipt = garden.relocator().compatibility_views().run().unwrap();
    assert_eq!((receipt.moved.len(), receipt.views.len()), (0, 3), "{receipt}");

    // What leans on one stands against its drop.
    garden.execute("CREATE VIEW report AS SELECT count(*) AS n FROM public.bed");
    let error = garden.relocator().drop_compatibility_views().unwrap_err();
    assert!(matches!(error, Error::Migration { .. }), "{error:?}");
    assert_eq!(
        garden.number("count(*) FROM pg_class WHERE relkind = 'v' AND relname IN ('bed', 'plant')"),
        2
    );
    garden.execute("DROP VIEW report");
    let dropped = garden.relocator().drop_compatibility_views().unwrap();
    assert_eq!(dropped.views, ["public.bed", "public.plant", "public.visit"]);

    // Somebody's own view of that name is an object in both schemas.
    garden.execute("CREATE VIEW public.bed AS SELECT 1 AS a");
    has(
        &refused(garden.relocator().run()),
        "table bed",
        "is in schema public and in schema garden",
    );
    has(
        &refused(garden.relocator().reverse()),
        "table bed",
        "is in schema garden and in schema public",
    );
    assert!(garden.relocator().drop_compatibility_views().unwrap().views.is_empty());
}
