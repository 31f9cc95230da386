//! Who may use what has moved.

use planwright::relocate::Grants;

use super::*;

#[test]
fn who_has_privileges_can_read_after_the_move_and_with_the_opt_out_cannot() {
    let garden = Garden::new();
    let (app, column, stranger) = (garden.role("app"), garden.role("col"), garden.role("stranger"));
    garden.execute(&format!(
        "GRANT SELECT, INSERT ON plant TO {}; GRANT SELECT (id) ON bed TO {}",
        app.name, column.name
    ));
    let catalog = garden.catalog();

    garden.relocator().without_usage_for_present_grantees().run().unwrap();
    let denied = app.does("SELECT id FROM garden.plant").unwrap_err();
    assert!(denied.contains("permission denied for schema garden"), "{denied}");

    // A run again gives it; nothing else is to do.
    let plan = garden.relocator().plan().unwrap();
    let mut names = [&app.name, &column.name].map(|name| format!("\"{name}\""));
    names.sort_unstable();
    assert_eq!(plan.locked_out, names);
    let receipt = garden.relocator().run().unwrap();
    assert_eq!((receipt.moved.len(), receipt.grants.len()), (0, 2), "{receipt}");
    app.does("SELECT id FROM garden.plant; INSERT INTO garden.plant (name) VALUES ('leek')")
        .unwrap();
    column.does("SELECT id FROM garden.bed").unwrap();
    assert!(column.does("SELECT note FROM garden.bed").is_err());
    assert!(stranger.does("SELECT 1 FROM garden.plant").is_err());
    assert_eq!(
        garden.number("count(*) FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'garden'"),
        4,
        "the owner's two, and USAGE of two roles"
    );
    assert!(garden.relocator().run().unwrap().nothing_done());

    garden.relocator().reverse().unwrap();
    assert_eq!(garden.catalog(), catalog);
    app.does("SELECT id FROM plant").unwrap();
}

#[test]
fn everybody_and_an_owner_that_does_not_move_it_get_usage_as_well() {
    let garden = Garden::new();
    let (owner, other) = (garden.role("owner"), garden.role("other"));
    garden.execute(&format!(
        "ALTER TABLE plant OWNER TO {}; GRANT SELECT ON visit TO PUBLIC",
        owner.name
    ));
    garden.relocator().run().unwrap();
    owner.does("SELECT FROM garden.plant; SELECT FROM garden.visit").unwrap();
    other.does("SELECT FROM garden.visit").unwrap();
    // The type's USAGE is everybody's by default, and says nothing.
    let garden = Garden::new();
    garden.execute("REVOKE ALL ON TYPE mood FROM PUBLIC; GRANT USAGE ON TYPE mood TO PUBLIC");
    assert_eq!(garden.relocator().plan().unwrap().locked_out, Vec::<String>::new());
}

#[test]
fn further_grants_are_given_once_and_a_role_that_is_not_there_is_an_error() {
    let garden = Garden::new();
    let app = garden.role("app");
    let all = || Grants::to(&*app.name).usage().dml().sequences().default_privileges();
    let problems = refused(garden.relocator().grant(Grants::to("nobody at all").usage()).run());
    has(&problems, "role nobody at all", "does not exist");
    assert_eq!(garden.in_schema("public"), 5);

    garden.relocator().grant(Grants::to(&*app.name).usage()).run().unwrap();
    assert!(app.does("SELECT FROM garden.bed").unwrap_err().contains("table bed"));
    let receipt = garden.relocator().grant(all()).run().unwrap();
    assert_eq!(receipt.grants.len(), 3 + 2 + 2, "{receipt}");
    app.does(
        "SELECT nextval('garden.bed_number_seq'); UPDATE garden.bed SET note = 'mine';
         DELETE FROM garden.visit",
    )
    .unwrap();
    assert!(app.does("TRUNCATE garden.visit").is_err(), "never ALL");
    garden.execute("CREATE TABLE garden.later (id serial)");
    app.does("INSERT INTO garden.later DEFAULT VALUES").unwrap();
    assert!(garden.relocator().grant(all()).run().unwrap().nothing_done());
}

#[test]
fn a_role_that_may_not_is_told_so_in_words() {
    let garden = Garden::new();
    let app = garden.role("app");
    let url = garden.database.url().to_owned();
    let options = format!("&options=-c%20role%3D{}", app.name);
    let joint = if url.contains('?') { "" } else { "?" };
    let url = format!("{url}{joint}{options}").replace("?&", "?");
    let store = Store::connect(&url, &StoreOptions::default()).unwrap();
    let problems = refused(Relocator::new(&store, MOVE).run());
    has(&problems, "table bed", "belongs to ");
    has(&problems, "type soil", "as a member of that role");
    has(&problems, "schema garden", "has no CREATE on the database");
    assert_eq!(garden.in_schema("public"), 5);

    // What it needs is what it was told.
    for kind in ["TABLE bed", "TABLE plant", "TABLE visit", "TYPE mood", "TYPE soil"] {
        garden.execute(&format!("ALTER {kind} OWNER TO {}", app.name));
    }
    garden.execute("CREATE SCHEMA garden");
    let problems = refused(Relocator::new(&store, MOVE).run());
    has(&problems, "statistics plant_names", "belongs to another role than its table");
    garden.execute(&format!("ALTER STATISTICS plant_names OWNER TO {}", app.name));
    let problems = refused(Relocator::new(&store, MOVE).run());
    assert_eq!(problems.len(), 1, "{problems:#?}");
    has(&problems, "schema garden", "has no CREATE and USAGE of it");
    garden.execute(&format!("GRANT CREATE, USAGE ON SCHEMA garden TO {}", app.name));
    garden.execute("ALTER TABLE users RENAME TO people");
    let receipt = Relocator::new(&store, MOVE).run().unwrap();
    assert_eq!(receipt.moved.len(), 5);
    // Others could not get USAGE from it, and a GRANT without the right to it is only a warning.
    let other = garden.role("other");
    garden.execute(&format!("GRANT SELECT ON garden.bed TO {}", other.name));
    let error = Relocator::new(&store, MOVE).run().unwrap_err();
    assert!(
        matches!(&error, Error::Verification { what } if what.contains("did not get USAGE")),
        "{error}"
    );
}

#[test]
fn the_search_path_that_old_code_needs_is_printed_and_is_right() {
    let garden = Garden::new();
    let (plain, set, group, member) =
        (garden.role("plain"), garden.role("set"), garden.role("grp"), garden.role("member"));
    let database = garden.text("quote_ident(current_database())");
    garden.execute(&format!(
        "ALTER ROLE {} IN DATABASE {database} SET search_path = app, public;
         ALTER ROLE {} NOLOGIN; GRANT {} TO {};
         GRANT ALL ON bed, plant, visit TO {}, {}, {}",
        set.name, group.name, group.name, member.name, plain.name, set.name, group.name
    ));
    let plan = garden.relocator().plan().unwrap();
    let of = |name: &str| plan.search_paths.iter().find(|sql| sql.contains(name)).cloned();
    let whole =
        format!("ALTER ROLE \"{}\" SET search_path = \"$user\", public, \"garden\"", plain.name);
    assert_eq!(of(&plain.name), Some(whole));
    assert!(of(&set.name).unwrap().ends_with("SET search_path = app, public, \"garden\""));
    assert!(of(&set.name).unwrap().contains(" IN DATABASE "));
    assert_eq!(of(&group.name), None, "nobody logs in as a group");
    assert!(of(&member.name).is_some());
    let receipt = garden.relocator().run().unwrap();
    assert!(receipt.to_string().contains(&of(&plain.name).unwrap()), "{receipt}");
    garden.execute(&plan.search_paths.join(";"));
    let mut connection = PgConnection::establish(garden.database.url()).unwrap();
    connection
        .batch_execute(&format!(
            "SET ROLE {}; SET search_path = \"$user\", public, garden",
            plain.name
        ))
        .unwrap();
    connection.batch_execute("SELECT 'calm'::mood FROM bed").unwrap();
    assert!(
        garden
            .relocator()
            .plan()
            .unwrap()
            .search_paths
            .iter()
            .all(|sql| !sql.contains(&plain.name))
    );
}
