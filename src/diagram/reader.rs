//! From a catalog to what is drawn.

use std::collections::{BTreeMap, BTreeSet};

use super::definition::{self, Events, Key, Part, Qualified};
use super::model::{Column, How, Link, Model, Note, Relation, RelationKind};
use crate::catalog::{Catalog, ObjectKind, ObjectName, Properties};
use crate::error::{Error, Result};

type Objects<'a> = BTreeMap<(&'a str, &'a str, ObjectKind), Vec<(&'a str, &'a Properties)>>;

struct Builder<'a> {
    catalog: &'a Catalog,
    /// What belongs to a relation, by its kind.
    objects: Objects<'a>,
    /// Partitions by their parent.
    partitions: BTreeMap<Qualified, usize>,
}

impl Model {
    /// Of the tables and views among these names that the catalog has.
    pub(super) fn of<'a>(
        catalog: &Catalog,
        names: impl IntoIterator<Item = &'a ObjectName>,
    ) -> Result<Self> {
        let builder = Builder::new(catalog)?;
        let drawn = |name: &&ObjectName| matches!(name.kind, ObjectKind::Table | ObjectKind::View);
        let names: BTreeSet<_> = names.into_iter().filter(drawn).collect();
        let mut model = Self::default();
        for name in names {
            if let Some(properties) = catalog.get(name) {
                model.relations.push(builder.relation(name, properties)?);
            }
        }
        model.relations.sort_by(|one, other| one.name.cmp(&other.name));
        for from in 0..model.relations.len() {
            match model.relations[from].kind {
                RelationKind::View => builder.reads(&mut model, from)?,
                _ => builder.foreign_keys(&mut model, from)?,
            }
        }
        Ok(model)
    }
}

impl<'a> Builder<'a> {
    fn new(catalog: &'a Catalog) -> Result<Self> {
        let mut objects: Objects<'a> = BTreeMap::new();
        let mut partitions = BTreeMap::new();
        for (name, properties) in catalog.iter() {
            let of = (name.schema.as_str(), name.relation.as_str(), name.kind);
            objects.entry(of).or_default().push((&name.name, properties));
            if let Some(parent) = properties.get("partition_of") {
                let parent = read(definition::qualified(parent), name, parent)?;
                *partitions.entry(parent).or_default() += 1;
            }
        }
        Ok(Self { catalog, objects, partitions })
    }

    fn objects<'s>(
        &'s self,
        of: &'s Qualified,
        kind: ObjectKind,
    ) -> &'s [(&'a str, &'a Properties)] {
        let key = (of.0.as_str(), of.1.as_str(), kind);
        self.objects.get(&key).map(Vec::as_slice).unwrap_or_default()
    }

    fn relation(&self, object: &ObjectName, properties: &Properties) -> Result<Relation> {
        let name = (object.schema.clone(), object.name.clone());
        let kind = match object.kind {
            ObjectKind::View => RelationKind::View,
            _ => RelationKind::Table,
        };
        let mut columns = self.columns(&name);
        let mut notes = self.keys(&name, &mut columns)?;
        for column in &columns {
            notes.extend(self.labels(&name, &column.name)?);
        }
        Ok(Relation {
            marks: self.marks(&name, properties)?,
            comment: properties.get("comment").and_then(|comment| sentence(comment)),
            name,
            kind,
            columns,
            notes,
        })
    }

    fn marks(&self, name: &Qualified, properties: &Properties) -> Result<Vec<String>> {
        let mut marks = Vec::new();
        match properties.get("form").map(String::as_str) {
            Some("materialized") => marks.push("materialized view".to_owned()),
            Some("plain") => marks.push("view".to_owned()),
            Some("foreign") => marks.push("foreign table".to_owned()),
            _ => {}
        }
        if let Some(key) = properties.get("partition_key") {
            let partitions = match self.partitions.get(name).copied().unwrap_or_default() {
                1 => "1 partition".to_owned(),
                n => format!("{n} partitions"),
            };
            marks.push(format!("partitioned by {key}, {partitions}"));
        }
        marks.extend(self.immutable(name)?.map(str::to_owned));
        Ok(marks)
    }

    /// As the mapping of errors knows them: by the end of the name of a trigger. One of another name
    /// beside it refuses TRUNCATE, too, but of DELETE it may let something through.
    fn immutable(&self, name: &Qualified) -> Result<Option<&'static str>> {
        let mut refused: Option<Events> = None;
        let mut beside = Events::default();
        for (trigger, properties) in self.objects(name, ObjectKind::Trigger) {
            let always = properties.get("enabled").is_some_and(|enabled| enabled == "always");
            let Some(text) = properties.get("definition").filter(|_| always) else { continue };
            let events = definition::events(text);
            let events = read(events, &belongs(name, ObjectKind::Trigger, trigger), text)?;
            if trigger.ends_with("_immutable") {
                refused = Some(refused.unwrap_or_default().and(events));
            } else {
                beside = beside.and(events);
            }
        }
        let Some(Events { update, delete, truncate }) = refused else { return Ok(None) };
        Ok(Some(match (update && (truncate || beside.truncate), delete, beside.delete) {
            (true, true, _) => "immutable",
            (true, false, true) => "immutable, deleted by permit",
            _ => "immutable in part",
        }))
    }

    fn columns(&self, relation: &Qualified) -> Vec<Column> {
        let place = |properties: &Properties| -> u32 {
            properties.get("position").and_then(|at| at.parse().ok()).unwrap_or(u32::MAX)
        };
        let mut objects = self.objects(relation, ObjectKind::Column).to_vec();
        objects.sort_by_key(|(name, properties)| (place(properties), *name));
        let column = |(name, properties): (&str, &Properties)| {
            let mut remarks = Vec::new();
            if properties.contains_key("generated") {
                remarks.push("generated");
            }
            if properties.get("nullable").is_some_and(|nullable| nullable == "yes") {
                remarks.push("null");
            }
            let of_type = properties.get("type").map(String::as_str).unwrap_or_default();
            Column {
                name: name.to_owned(),
                of_type: short(of_type, &relation.0),
                primary: false,
                foreign: false,
                unique: false,
                remarks,
            }
        };
        objects.into_iter().map(column).collect()
    }

    /// Marks the columns of keys. What a mark at one column does not say is a note.
    fn keys(&self, relation: &Qualified, columns: &mut [Column]) -> Result<Vec<Note>> {
        let mut notes = Vec::new();
        for (text, key, valid) in self.uniques(relation)? {
            let primary = text.starts_with("PRIMARY KEY");
            let names: Option<Vec<String>> =
                key.columns().map(|names| names.into_iter().map(str::to_owned).collect());
            match names.as_deref() {
                Some(names) if primary => {
                    for column in columns.iter_mut() {
                        column.primary |= names.contains(&column.name);
                    }
                }
                Some([only]) if key.predicate.is_none() && valid => {
                    for column in columns.iter_mut() {
                        column.unique |= column.name == *only;
                    }
                }
                _ => notes.push(note(&key, primary, valid)),
            }
        }
        for (name, properties) in self.objects(relation, ObjectKind::Constraint) {
            let Some(text) = properties.get("definition") else { continue };
            if text.starts_with("FOREIGN KEY") {
                let of = belongs(relation, ObjectKind::Constraint, name);
                let key = read(definition::foreign_key(text), &of, text)?;
                for column in columns.iter_mut() {
                    column.foreign |= key.columns.contains(&column.name);
                }
            } else if text.starts_with("EXCLUDE") {
                notes.push(Note { column: None, text: text.clone() });
            }
        }
        Ok(notes)
    }

    /// Primary key, unique constraints and unique indexes, with whether each holds for old rows.
    fn uniques(&self, relation: &Qualified) -> Result<Vec<(&'a str, Key, bool)>> {
        let mut found = Vec::new();
        for kind in [ObjectKind::Constraint, ObjectKind::Index] {
            for (name, properties) in self.objects(relation, kind) {
                let Some(text) = properties.get("definition") else { continue };
                let is = |property: &str| properties.get(property).is_some_and(|it| it == "yes");
                let unique = match kind {
                    ObjectKind::Index => is("unique"),
                    _ => text.starts_with("PRIMARY KEY") || text.starts_with("UNIQUE"),
                };
                if unique {
                    let key = read(definition::key(text), &belongs(relation, kind, name), text)?;
                    found.push((text.as_str(), key, kind != ObjectKind::Index || is("valid")));
                }
            }
        }
        Ok(found)
    }

    /// What a column of an enum type may hold.
    fn labels(&self, relation: &Qualified, column: &str) -> Result<Option<Note>> {
        let name = belongs(relation, ObjectKind::Column, column);
        let Some(text) = self.catalog.get(&name).and_then(|properties| properties.get("type"))
        else {
            return Ok(None);
        };
        // Types such as "char" have a name that no enum has.
        let Some((schema, of_type)) = definition::qualified(text) else { return Ok(None) };
        let of_type = ObjectName::new(ObjectKind::Type, schema, "", of_type);
        let labels = self.catalog.get(&of_type).and_then(|properties| properties.get("labels"));
        let Some(labels) = labels else { return Ok(None) };
        let labels: Vec<String> = read(serde_json::from_str(labels).ok(), &of_type, labels)?;
        let text = format!("{column}: {}", labels.join(" | "));
        Ok(Some(Note { column: Some(column.to_owned()), text }))
    }

    fn foreign_keys(&self, model: &mut Model, from: usize) -> Result<()> {
        let relation = model.relations[from].name.clone();
        for (name, properties) in self.objects(&relation, ObjectKind::Constraint) {
            let Some(text) = properties.get("definition") else { continue };
            if !text.starts_with("FOREIGN KEY") {
                continue;
            }
            let of = belongs(&relation, ObjectKind::Constraint, name);
            let key = read(definition::foreign_key(text), &of, text)?;
            let unique = self.uniques(&relation)?.iter().any(|(_, unique, valid)| {
                let within = |columns: Vec<&str>| {
                    columns.iter().all(|column| key.columns.iter().any(|own| own == column))
                };
                *valid && unique.columns().is_some_and(within) && unique.holds_for(&key.columns)
            });
            let acts = |action: &&String| *action != "RESTRICT";
            let on_delete = key.on_delete.iter().filter(acts);
            let mut remarks: Vec<_> =
                on_delete.map(|action| format!("ON DELETE {action}")).collect();
            if properties.get("validated").is_some_and(|validated| validated == "no") {
                remarks.push("not validated".to_owned());
            }
            let optional = model.relations[from].columns.iter().any(|column| {
                key.columns.contains(&column.name) && column.remarks.contains(&"null")
            });
            let to = model.place_of(key.table);
            let (columns, referenced) = (key.columns, key.referenced);
            let how = How::ForeignKey { columns, referenced, optional, unique, remarks };
            model.links.push(Link { from, to, how });
        }
        Ok(())
    }

    fn reads(&self, model: &mut Model, from: usize) -> Result<()> {
        let (schema, name) = model.relations[from].name.clone();
        let view = ObjectName::new(ObjectKind::View, schema, "", name);
        let Some(text) = self.catalog.get(&view).and_then(|view| view.get("definition")) else {
            return Ok(());
        };
        let mentioned: BTreeSet<_> =
            read(definition::mentioned(text), &view, text)?.into_iter().collect();
        for name in mentioned {
            if let Some(to) = model.place(&name).filter(|to| *to != from) {
                model.links.push(Link { from, to, how: How::Reads });
            }
        }
        Ok(())
    }
}

fn belongs((schema, relation): &Qualified, kind: ObjectKind, name: &str) -> ObjectName {
    ObjectName::new(kind, schema, relation, name)
}

fn read<T>(found: Option<T>, of: &ObjectName, text: &str) -> Result<T> {
    found.ok_or_else(|| Error::Verification {
        what: format!("the catalog says something unreadable of {of}: {text}"),
    })
}

fn note(key: &Key, primary: bool, valid: bool) -> Note {
    let part = |part: &Part| match part {
        Part::Column(text) | Part::Expression(text) => text.clone(),
    };
    let parts: Vec<_> = key.parts.iter().map(part).collect();
    let mut text =
        format!("{} ({})", if primary { "PRIMARY KEY" } else { "UNIQUE" }, parts.join(", "));
    if let Some(predicate) = &key.predicate {
        text = format!("{text} WHERE {predicate}");
    }
    if !valid {
        text.push_str(", not valid");
    }
    let column = key.parts.iter().find_map(|part| match part {
        Part::Column(name) => Some(name.clone()),
        Part::Expression(_) => None,
    });
    Note { column, text }
}

/// Types as people write them, without the schema of their table.
fn short(of_type: &str, schema: &str) -> String {
    let mut text = of_type.to_owned();
    for schema in [schema, "public"] {
        if let Some(rest) = text.strip_prefix(schema).and_then(|rest| rest.strip_prefix('.')) {
            text = rest.to_owned();
        }
    }
    if let (true, Some((name, rest))) = (text.starts_with('"'), text.rsplit_once('"')) {
        text = name[1..].replace("\"\"", "\"") + rest;
    }
    for (base, zoned) in [("timestamp", "timestamptz"), ("time", "timetz")] {
        let Some(rest) = text.strip_prefix(base) else { continue };
        for (words, name) in [(" with time zone", zoned), (" without time zone", base)] {
            // A precision stands before the words, brackets of an array behind them.
            if let Some((precision, brackets)) = rest.split_once(words) {
                return format!("{name}{precision}{brackets}");
            }
        }
    }
    for (long, name) in
        [("character varying", "varchar"), ("character", "char"), ("bit varying", "varbit")]
    {
        if let Some(rest) = text.strip_prefix(long) {
            return format!("{name}{rest}");
        }
    }
    text
}

/// The first sentence, without its full stop.
fn sentence(comment: &str) -> Option<String> {
    let line = comment.lines().map(str::trim).find(|line| !line.is_empty())?;
    let first = line.split_once(". ").map_or(line, |(first, _)| first);
    Some(first.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Object;

    #[test]
    fn types_are_written_as_people_do() {
        for (long, name) in [
            ("timestamp with time zone", "timestamptz"),
            ("timestamp(3) without time zone[]", "timestamp(3)[]"),
            ("time with time zone", "timetz"),
            ("time without time zone", "time"),
            ("character varying(20)", "varchar(20)"),
            ("character(1)", "char(1)"),
            ("numeric(12,2)", "numeric(12,2)"),
            ("s.mood", "mood"),
            ("public.mood[]", "mood[]"),
            ("t.mood", "t.mood"),
            ("s.\"My \"\"mood\"\"\"[]", "My \"mood\"[]"),
            ("timestamps", "timestamps"),
        ] {
            assert_eq!(short(long, "s"), name, "{long}");
        }
    }

    #[test]
    fn a_subtitle_is_one_sentence() {
        assert_eq!(sentence(" \n One. Two.").as_deref(), Some("One"));
        assert_eq!(sentence("Version 1.5 of it.").as_deref(), Some("Version 1.5 of it"));
        assert_eq!(sentence(" \n"), None);
    }

    #[test]
    fn what_is_no_definition_is_an_error_that_names_it() {
        let table = ObjectName::new(ObjectKind::Table, "s", "", "t");
        let with = |kind, name: &str, definition: &str| -> Result<Model> {
            let object = |name: ObjectName, properties: &[(&str, &str)]| {
                let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
                Object { name, properties: properties.iter().map(own).collect() }
            };
            let properties = [("definition", definition), ("unique", "yes"), ("enabled", "always")];
            let catalog = Catalog::from_iter([
                object(table.clone(), &[("form", "ordinary")]),
                object(ObjectName::new(kind, "s", "t", name), &properties),
            ]);
            Model::of(&catalog, [&table])
        };
        for (kind, definition) in [
            (ObjectKind::Constraint, "FOREIGN KEY (a) REFERENCES"),
            (ObjectKind::Constraint, "UNIQUE a"),
            (ObjectKind::Index, "USING btree"),
            (ObjectKind::Trigger, "CREATE RULE"),
        ] {
            let error = with(kind, "x_immutable", definition).unwrap_err().to_string();
            let words = format!("unreadable of {kind} s.t.x_immutable: {definition}");
            assert!(error.contains(&words), "{error}");
        }
        let error = with(ObjectKind::Trigger, "other", "CREATE RULE").unwrap_err().to_string();
        assert!(error.contains("unreadable of trigger s.t.other: CREATE RULE"), "{error}");
    }
}
