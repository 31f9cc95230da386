//! Definitions as the server writes them, taken apart. `None`: it is none.

use crate::tokens::{Kind, Token, tokens};

/// The schema and the name of a relation or type.
pub(super) type Qualified = (String, String);

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ForeignKey {
    pub(super) columns: Vec<String>,
    pub(super) table: Qualified,
    pub(super) referenced: Vec<String>,
    /// What happens where a referenced row is deleted: `CASCADE`. `None` for NO ACTION.
    pub(super) on_delete: Option<String>,
}

/// What a key or index is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Column(String),
    /// As it is written.
    Expression(String),
}

/// A primary key, unique constraint or index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) parts: Vec<Part>,
    /// Of a partial index, without parentheses around the whole.
    pub(super) predicate: Option<String>,
}

/// What a trigger fires on, whatever the row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Events {
    pub(super) update: bool,
    pub(super) delete: bool,
    pub(super) truncate: bool,
}

impl Events {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            update: self.update || other.update,
            delete: self.delete || other.delete,
            truncate: self.truncate || other.truncate,
        }
    }
}

/// The name that a text begins with: of a relation, or of a type that may be an array.
pub(super) fn qualified(text: &str) -> Option<Qualified> {
    Reader::of(text)?.qualified()
}

/// `FOREIGN KEY (…) REFERENCES …`
pub(super) fn foreign_key(text: &str) -> Option<ForeignKey> {
    let mut reader = Reader::of(text)?;
    (reader.takes("foreign") && reader.takes("key")).then_some(())?;
    let columns = reader.columns()?;
    reader.takes("references").then_some(())?;
    let table = reader.qualified()?;
    let referenced = reader.columns()?;
    (columns.len() == referenced.len()).then_some(())?;
    let rest = reader.rest();
    let action = rest.windows(2).position(|two| two[0].is("on") && two[1].is("delete"));
    let on_delete = action.and_then(|at| {
        let ends =
            |token: &Token<'_>| ["deferrable", "initially", "not"].iter().any(|w| token.is(w));
        let action = rest[at + 2..].split(ends).next().unwrap_or_default();
        reader.written(action).map(str::to_owned)
    });
    Some(ForeignKey { columns, table, referenced, on_delete })
}

/// `PRIMARY KEY (…)`, `UNIQUE (…)`, or an index from USING on.
pub(super) fn key(text: &str) -> Option<Key> {
    let mut reader = Reader::of(text)?;
    while reader.peek().is_some_and(|token| token.kind == Kind::Word) {
        reader.at += 1;
    }
    let parts = reader.list()?.into_iter().map(|part| reader.part(part)).collect::<Option<_>>()?;
    let condition = at_top(reader.rest(), |token| token.is("where"));
    let predicate = match condition.as_slice() {
        [_] => None,
        [_, condition] => Some(reader.written(bare(condition))?.to_owned()),
        _ => return None,
    };
    Some(Key { parts, predicate })
}

impl Key {
    /// The columns, where it is over nothing else.
    pub(super) fn columns(&self) -> Option<Vec<&str>> {
        let columns = self.parts.iter().map(|part| match part {
            Part::Column(name) => Some(name.as_str()),
            Part::Expression(_) => None,
        });
        columns.collect()
    }

    /// Whether it leaves out no row in which these columns are not NULL.
    pub(super) fn holds_for(&self, columns: &[String]) -> bool {
        let Some(predicate) = &self.predicate else { return true };
        let Some(reader) = Reader::of(predicate) else { return false };
        at_top(&reader.tokens, |token| token.is("and")).iter().all(|condition| {
            let [column, is, not, null] = bare(condition) else { return false };
            let asks = is.is("is") && not.is("not") && null.is("null");
            asks && unquoted(column).is_some_and(|name| columns.contains(&name))
        })
    }
}

/// `CREATE TRIGGER …`. Not what it does for some rows or columns only.
pub(super) fn events(text: &str) -> Option<Events> {
    let mut reader = Reader::of(text)?;
    reader.takes("create").then_some(())?;
    let _ = reader.takes("constraint");
    reader.takes("trigger").then_some(())?;
    reader.at += 1; // its name
    let on = reader.rest().iter().position(|token| token.is("on"))?;
    let (events, target) = reader.rest().split_at(on);
    let mut found = Events::default();
    if target.iter().any(|token| token.is("when")) {
        return Some(found);
    }
    for (at, event) in events.iter().enumerate() {
        let some_columns = events.get(at + 1).is_some_and(|next| next.is("of"));
        found.update |= event.is("update") && !some_columns;
        found.delete |= event.is("delete");
        found.truncate |= event.is("truncate");
    }
    Some(found)
}

/// What may be a relation in a query in which each one has its schema: every `a.b`.
pub(super) fn mentioned(text: &str) -> Option<Vec<Qualified>> {
    let reader = Reader::of(text)?;
    let pairs = reader.tokens.windows(3).filter(|three| three[1].text == ".");
    Some(pairs.filter_map(|three| Some((unquoted(&three[0])?, unquoted(&three[2])?))).collect())
}

fn unquoted(token: &Token<'_>) -> Option<String> {
    match token.kind {
        Kind::Word => Some(token.text.to_owned()),
        Kind::Quoted => {
            let inside = token.text.strip_prefix('"')?.strip_suffix('"')?;
            Some(inside.replace("\"\"", "\""))
        }
        _ => None,
    }
}

/// Splits where no parenthesis is open.
fn at_top<'t, 'a>(
    tokens: &'t [Token<'a>],
    separates: impl Fn(&Token<'a>) -> bool,
) -> Vec<&'t [Token<'a>]> {
    let mut depth = 0_usize;
    let parts = tokens.split(|token| {
        match token.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && separates(token)
    });
    parts.collect()
}

/// Without the parentheses around the whole.
fn bare<'t, 'a>(mut tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    while let [open, inside @ .., close] = tokens {
        // Of `(a) AND (b)` the first one closes before the end.
        let whole = open.text == "(" && close.text == ")" && {
            let mut depth = 1_isize;
            inside.iter().all(|token| {
                depth += isize::from(token.text == "(") - isize::from(token.text == ")");
                depth > 0
            })
        };
        if !whole {
            break;
        }
        tokens = inside;
    }
    tokens
}

struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn of(text: &'a str) -> Option<Self> {
        Some(Self { text, tokens: tokens(text).ok()?, at: 0 })
    }

    fn rest(&self) -> &[Token<'a>] {
        self.tokens.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    /// Takes the word, if it comes next.
    fn takes(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(word));
        self.at += usize::from(found);
        found
    }

    fn written(&self, tokens: &[Token<'a>]) -> Option<&'a str> {
        Some(&self.text[tokens.first()?.start..tokens.last()?.end()])
    }

    fn name(&mut self) -> Option<String> {
        let name = unquoted(self.peek()?)?;
        self.at += 1;
        Some(name)
    }

    fn qualified(&mut self) -> Option<Qualified> {
        let first = self.name()?;
        if self.peek().is_some_and(|token| token.text == ".") {
            self.at += 1;
            return Some((first, self.name()?));
        }
        Some((String::new(), first))
    }

    /// What stands between parentheses, by its commas.
    fn list(&mut self) -> Option<Vec<Vec<Token<'a>>>> {
        (self.peek()?.text == "(").then_some(())?;
        let mut depth = 0_usize;
        let close = self.rest().iter().position(|token| {
            match token.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            depth == 0
        })?;
        let inside = &self.rest()[1..close];
        let parts = at_top(inside, |token| token.text == ",").iter().map(|p| p.to_vec()).collect();
        self.at += close + 1;
        Some(parts)
    }

    fn columns(&mut self) -> Option<Vec<String>> {
        let column = |part: Vec<Token<'a>>| match part.as_slice() {
            [name] => unquoted(name),
            [period, name] if period.is("period") => unquoted(name),
            _ => None,
        };
        self.list()?.into_iter().map(column).collect()
    }

    /// A column may be followed by its collation, operator class and order.
    fn part(&self, tokens: Vec<Token<'a>>) -> Option<Part> {
        let column = match tokens.as_slice() {
            [name] => unquoted(name),
            [name, next, ..] if next.kind != Kind::Mark && !next.is("without") => unquoted(name),
            _ => None,
        };
        match column {
            Some(column) => Some(Part::Column(column)),
            None => Some(Part::Expression(self.written(bare(&tokens))?.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_foreign_key_is_read_with_its_action() {
        let found = foreign_key(
            r#"FOREIGN KEY ("a ""b""", period) REFERENCES "S 1"."t(x)"(a, "(") MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL ("a ""b""") DEFERRABLE INITIALLY DEFERRED"#,
        );
        let expected = ForeignKey {
            columns: names(&["a \"b\"", "period"]),
            table: ("S 1".to_owned(), "t(x)".to_owned()),
            referenced: names(&["a", "("]),
            on_delete: Some("SET NULL (\"a \"\"b\"\"\")".to_owned()),
        };
        assert_eq!(found, Some(expected));
        let plain =
            foreign_key("FOREIGN KEY (a, PERIOD at) REFERENCES t(b, PERIOD at) NOT ENFORCED");
        let plain = plain.unwrap();
        assert_eq!(plain.columns, names(&["a", "at"]));
        assert_eq!(plain.table, (String::new(), "t".to_owned()));
        assert_eq!(plain.on_delete, None);
        for none in ["", "FOREIGN KEY a", "CHECK (a)", "FOREIGN KEY (a) REFERENCES t(b, c)", "'"] {
            assert_eq!(foreign_key(none), None, "{none}");
        }
    }

    #[test]
    fn keys_and_indexes_are_read_with_their_predicate() {
        for (text, columns, predicate) in [
            ("PRIMARY KEY (id)", Some(&["id"][..]), None),
            ("UNIQUE NULLS NOT DISTINCT (a, \"B c\") INCLUDE (d)", Some(&["a", "B c"]), None),
            ("USING btree (a COLLATE \"C\" DESC, b public.ops)", Some(&["a", "b"]), None),
            ("USING btree (a) WITH (fillfactor='70') WHERE (b > 0)", Some(&["a"]), Some("b > 0")),
            ("USING btree (a) WHERE ((b) AND (c))", Some(&["a"]), Some("(b) AND (c)")),
            ("USING btree (lower(a))", None, None),
            ("USING btree (a, ((b + 1)))", None, None),
            ("UNIQUE (a, at WITHOUT OVERLAPS)", None, None),
        ] {
            let key = key(text).unwrap();
            assert_eq!(key.columns().as_deref(), columns, "{text}");
            assert_eq!(key.predicate.as_deref(), predicate, "{text}");
        }
        let expression = key("USING btree (a, ((b + 1)))").unwrap();
        assert_eq!(expression.parts[1], Part::Expression("b + 1".to_owned()));
    }

    #[test]
    fn a_predicate_that_asks_for_the_key_alone_leaves_out_nothing() {
        let holds = |predicate: &str| {
            let key = key(&format!("USING btree (a) WHERE {predicate}")).unwrap();
            key.holds_for(&names(&["a", "b"]))
        };
        assert!(holds("(a IS NOT NULL)"));
        assert!(holds("((a IS NOT NULL) AND (\"b\" IS NOT NULL))"));
        assert!(!holds("((a IS NOT NULL) AND (c IS NOT NULL))"));
        assert!(!holds("((a IS NOT NULL) OR (b IS NOT NULL))"));
        assert!(!holds("a"));
    }

    #[test]
    fn a_trigger_fires_on_what_it_names() {
        let of = |text: &str| events(text).map(|e| (e.update, e.delete, e.truncate));
        let all = "CREATE TRIGGER \"on\" BEFORE DELETE OR UPDATE OR TRUNCATE ON public.t FOR EACH \
                   STATEMENT EXECUTE FUNCTION f()";
        assert_eq!(of(all), Some((true, true, true)));
        let columns =
            "CREATE TRIGGER t BEFORE UPDATE OF a, b ON t FOR EACH ROW EXECUTE FUNCTION f()";
        assert_eq!(of(columns), Some((false, false, false)));
        let rows = "CREATE CONSTRAINT TRIGGER t AFTER DELETE ON t FOR EACH ROW WHEN ((old.a > 0)) \
                    EXECUTE FUNCTION f()";
        assert_eq!(of(rows), Some((false, false, false)));
        assert_eq!(of("CREATE RULE r"), None);
    }

    #[test]
    fn names_of_relations_and_types_are_read() {
        let of = |text| qualified(text).unwrap();
        assert_eq!(of("public.\"Mood\"[]"), ("public".to_owned(), "Mood".to_owned()));
        assert_eq!(of("timestamp with time zone"), (String::new(), "timestamp".to_owned()));
        let query = " SELECT r.a, 'public.no' FROM public.t r JOIN \"S\".\"u v\" ON true;";
        let found = mentioned(query).unwrap();
        assert!(found.contains(&("public".to_owned(), "t".to_owned())), "{found:?}");
        assert!(found.contains(&("S".to_owned(), "u v".to_owned())), "{found:?}");
        assert!(!found.contains(&("public".to_owned(), "no".to_owned())), "{found:?}");
    }

    /// As the server quotes names, if it did so always.
    fn quoted(name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    fn listed(names: &[String]) -> String {
        names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
    }

    proptest! {
        #[test]
        fn whatever_the_names_a_foreign_key_is_read(
            columns in proptest::collection::vec("[^\0]{1,12}", 1..4),
            schema in "[^\0]{1,12}",
            table in "[^\0]{1,12}",
            action in proptest::option::of(proptest::sample::select(vec!["CASCADE", "RESTRICT", "SET NULL", "SET DEFAULT"])),
            deferrable in any::<bool>(),
        ) {
            let names = listed(&columns);
            let mut text = format!("FOREIGN KEY ({names}) REFERENCES {}.{}({names})", quoted(&schema), quoted(&table));
            if let Some(action) = action {
                text = format!("{text} ON DELETE {action}");
            }
            if deferrable {
                text.push_str(" DEFERRABLE");
            }
            let expected = ForeignKey {
                columns: columns.clone(),
                table: (schema, table),
                referenced: columns,
                on_delete: action.map(str::to_owned),
            };
            prop_assert_eq!(foreign_key(&text), Some(expected));
        }

        #[test]
        fn whatever_the_names_an_index_is_read(
            columns in proptest::collection::vec("[^\0]{1,12}", 1..4),
            predicate in proptest::option::of("[^\0]{1,12}"),
        ) {
            let mut text = format!("USING btree ({})", listed(&columns));
            if let Some(column) = &predicate {
                text = format!("{text} WHERE ({} IS NOT NULL)", quoted(column));
            }
            let key = key(&text).unwrap();
            prop_assert_eq!(key.columns().unwrap(), columns.iter().map(String::as_str).collect::<Vec<_>>());
            let holds = predicate.as_ref().is_none_or(|column| columns.contains(column));
            prop_assert_eq!(key.holds_for(&columns), holds);
        }

        #[test]
        fn no_text_makes_a_reader_panic(text in ".*") {
            let _ = (foreign_key(&text), key(&text), events(&text), qualified(&text), mentioned(&text));
        }

        #[test]
        fn nor_does_one_of_tokens(text in proptest::collection::vec(proptest::sample::select(vec![
            "(", ")", "[", "]", ",", ".", "a", "\"b\"", "ON", "DELETE", "WHERE", "FOREIGN", "KEY",
            "REFERENCES", "UNIQUE", "CREATE", "TRIGGER", "AND", "IS", "NOT", "NULL", "'x'", "PERIOD",
        ]), 0..20)) {
            let text = text.join(" ");
            let held = key(&text).map(|key| key.holds_for(&["a".to_owned()]));
            let _ = (foreign_key(&text), held, events(&text), qualified(&text), mentioned(&text));
        }
    }
}
