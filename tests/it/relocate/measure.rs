use super::*;
#[test]
#[ignore]
fn measure() {
    for rows in [1_000, 1_000_000] {
        let garden = Garden::empty();
        garden.execute("CREATE TABLE users (id uuid PRIMARY KEY); INSERT INTO users SELECT gen_random_uuid() FROM generate_series(1,100)");
        let tables: Vec<String> = (1..=8).map(|n| format!("t{n}")).collect();
        let types: Vec<String> = (1..=11).map(|n| format!("e{n}")).collect();
        for of in &types {
            garden.execute(&format!("CREATE TYPE {of} AS ENUM ('a', 'b')"));
        }
        for (n, t) in tables.iter().enumerate() {
            let k = n + 1;
            garden.execute(&format!("CREATE TABLE {t} (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid REFERENCES users, e e{k} DEFAULT 'a', a int DEFAULT 1, b text, c timestamptz DEFAULT now(), CHECK (a > 0), CHECK (length(b) < 1000), CHECK (a < 100));
              INSERT INTO {t} (user_id, b) SELECT u.id, md5(g::text) FROM generate_series(1, {}) g, LATERAL (SELECT id FROM users OFFSET (g % 100) LIMIT 1) u;
              CREATE INDEX ON {t} (user_id); CREATE INDEX ON {t} (e); CREATE INDEX ON {t} (c); CREATE INDEX ON {t} (a); CREATE INDEX ON {t} (b)", rows / 8));
        }
        let tables: Vec<&str> = tables.iter().map(|s| &**s).collect();
        let types: Vec<&str> = types.iter().map(|s| &**s).collect();
        let asked = Relocation::new("public", "planner").tables(&tables).types(&types);
        for _ in 0..7 {
            let r = Relocator::new(garden.store(), asked).run().unwrap();
            let b = Relocator::new(garden.store(), asked).reverse().unwrap();
            println!(
                "MEASURED rows {rows}: there {:?}, back {:?}, tries {} {}",
                r.locked, b.locked, r.tries, b.tries
            );
        }
        println!("{}", Relocator::new(garden.store(), asked).run().unwrap());
    }
}
