//! The text that Mermaid draws.

use std::fmt::{self, Write as _};

use super::Diagram;
use super::model::{Column, How, Link, Relation, RelationKind, label};

/// An entity-relationship diagram.
pub(super) fn entities(diagram: &Diagram, out: &mut String) -> fmt::Result {
    let model = &diagram.model;
    writeln!(out, "---\ntitle: {}\n---\nerDiagram", title(&diagram.title))?;
    for relation in &model.relations {
        entity(relation, out)?;
    }
    for link in &model.links {
        let (from, to) = (&model.relations[link.from], &model.relations[link.to]);
        let (from, to) = (text(&label(&from.name)), text(&label(&to.name)));
        match &link.how {
            How::Reads => writeln!(out, "  \"{to}\" ||..o{{ \"{from}\" : \"is read by\"")?,
            How::ForeignKey { columns, optional, unique, remarks, .. } => {
                let one = if *optional { "|o" } else { "||" };
                let many = if *unique { "o|" } else { "o{" };
                let mut says = columns.join(", ");
                for remark in remarks {
                    write!(says, ", {remark}")?;
                }
                writeln!(out, "  \"{to}\" {one}--{many} \"{from}\" : \"{}\"", text(&says))?;
            }
        }
    }
    Ok(())
}

fn entity(relation: &Relation, out: &mut String) -> fmt::Result {
    if relation.kind == RelationKind::Outside {
        return Ok(()); // a relationship makes it
    }
    let name = label(&relation.name);
    write!(out, "  \"{}\"", text(&name))?;
    let mut marks = relation.marks.clone();
    marks.extend(relation.notes.iter().filter(|n| n.column.is_none()).map(|n| n.text.clone()));
    if !marks.is_empty() {
        write!(out, "[\"{}\"]", text(&format!("{name} ({})", marks.join(", "))))?;
    }
    writeln!(out, " {{")?;
    for column in &relation.columns {
        attribute(relation, column, out)?;
    }
    writeln!(out, "  }}")
}

fn attribute(relation: &Relation, column: &Column, out: &mut String) -> fmt::Result {
    let name = word(&column.name);
    write!(out, "    {} {name}", word(&column.of_type))?;
    let keys = [(column.primary, "PK"), (column.foreign, "FK"), (column.unique, "UK")];
    let keys: Vec<_> = keys.iter().filter(|(is, _)| *is).map(|(_, key)| *key).collect();
    if !keys.is_empty() {
        write!(out, " {}", keys.join(", "))?;
    }
    let mut remarks: Vec<String> = column.remarks.iter().map(|&remark| remark.to_owned()).collect();
    if name != column.name {
        remarks.insert(0, column.name.clone());
    }
    let own = |of: &Option<String>| of.as_ref() == Some(&column.name);
    for note in relation.notes.iter().filter(|note| own(&note.column)) {
        let labels = note.text.strip_prefix(&format!("{}: ", column.name));
        remarks.push(labels.unwrap_or(&note.text).to_owned());
    }
    if !remarks.is_empty() {
        write!(out, " \"{}\"", text(&remarks.join(", ")))?;
    }
    writeln!(out)
}

/// A flow chart, which unlike an entity-relationship diagram has groups.
pub(super) fn overview(
    diagram: &Diagram,
    groups: &[(String, Vec<usize>)],
    out: &mut String,
) -> fmt::Result {
    let relations = &diagram.model.relations;
    writeln!(out, "---\ntitle: {}\n---\nflowchart LR", title(&diagram.title))?;
    for (at, (name, members)) in groups.iter().enumerate() {
        writeln!(out, "  subgraph g{at}[\"{}\"]", text(name))?;
        for &member in members {
            write!(out, "  ")?;
            node(member, &relations[member], out)?;
        }
        writeln!(out, "  end")?;
    }
    for (at, relation) in relations.iter().enumerate() {
        if !groups.iter().any(|(_, members)| members.contains(&at)) {
            node(at, relation, out)?;
        }
    }
    for Link { from, to, how } in &diagram.model.links {
        match how {
            How::Reads => writeln!(out, "  n{from} -. reads .-> n{to}")?,
            How::ForeignKey { columns, .. } => {
                writeln!(out, "  n{from} -->|\"{}\"| n{to}", text(&columns.join(", ")))?;
            }
        }
    }
    Ok(())
}

fn node(at: usize, relation: &Relation, out: &mut String) -> fmt::Result {
    let mut says = text(&label(&relation.name));
    for mark in &relation.marks {
        write!(says, "<br/>{}", text(mark))?;
    }
    let (open, close) = match relation.kind {
        RelationKind::Table => ("[", "]"),
        RelationKind::View => ("([", "])"),
        RelationKind::Outside => ("[/", "/]"),
    };
    writeln!(out, "  n{at}{open}\"{says}\"{close}")
}

/// Of the front matter, which is YAML, of which JSON is a part.
fn title(title: &str) -> String {
    serde_json::Value::from(title).to_string()
}

/// What may stand between double quotes. Every other character by its number.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // The lexer takes these two words for a statement wherever they stand.
        let after_word = c == ' ' && out.to_ascii_lowercase().ends_with("direction");
        let plain = c.is_alphanumeric() || " _-.,()=/+?!|[]'".contains(c);
        if plain && !after_word {
            out.push(c);
        } else if c.is_control() {
            out.push(' ');
        } else {
            let _ = write!(out, "#{};", u32::from(c)); // never fails on a String
        }
    }
    out
}

/// A type or column. Not every version takes a comma, so it is the character that looks like one;
/// what no version takes is an underscore.
fn word(name: &str) -> String {
    let taken = |c: char| {
        c.is_ascii_alphanumeric()
            || "-_[]()".contains(c)
            || ('\u{c0}'..='\u{ffff}').contains(&c) && c.is_alphanumeric()
    };
    let mut word: String = name
        .chars()
        .map(|c| if c == ',' { '\u{201a}' } else { c })
        .map(|c| if taken(c) || c == '\u{201a}' { c } else { '_' })
        .collect();
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || c >= '\u{c0}';
    let key = ["pk", "fk", "uk"].iter().any(|key| {
        let head = word.get(..2).is_some_and(|head| head.eq_ignore_ascii_case(key));
        head && !word[2..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    });
    if key || !word.starts_with(begins) {
        word.insert(0, '_');
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_lexer_would_take_for_its_own_is_written_by_its_number() {
        assert_eq!(text("a \"b\" %%{c}"), "a #34;b#34; #37;#37;#123;c#125;");
        assert_eq!(text("größe > 1 \\ #x;"), "größe #62; 1 #92; #35;x#59;");
        assert_eq!(text("Direction LR\n"), "Direction#32;LR ");
    }

    #[test]
    fn types_and_columns_are_words() {
        assert_eq!(word("numeric(12,2)"), "numeric(12\u{201a}2)");
        assert_eq!(word("double precision"), "double_precision");
        assert_eq!(word("größe"), "größe");
        assert_eq!(word("1st \"x\" 😀~"), "_1st__x____");
        assert_eq!(word("pk"), "_pk");
        assert_eq!(word("pk-x"), "_pk-x");
        assert_eq!(word("pk_x"), "pk_x");
        assert_eq!(word(""), "_");
        assert_eq!(title("a: \"b\""), r#""a: \"b\"""#);
    }
}
