//! The text that Graphviz draws.

use std::fmt::{self, Write as _};

use super::Diagram;
use super::model::{Column, How, Link, Model, Relation, RelationKind, label};

const INK: &str = "#1f2937";
const GREY: &str = "#6b7280";
const LINE: &str = "#94a3b8";
const MARK: &str = "#fef3c7";

/// Every column of every table.
pub(super) fn entities(diagram: &Diagram, out: &mut String) -> fmt::Result {
    let ends = "A line is a foreign key: ‖ one, ○| none or one, ○< any number";
    head(diagram, ends, "nodesep=0.45, ranksep=0.7", out)?;
    for (at, relation) in diagram.model.relations.iter().enumerate() {
        write!(out, "  {} [label=<", id(relation))?;
        table(relation, &to_itself(&diagram.model, at), out)?;
        writeln!(out, ">]")?;
    }
    links(&diagram.model, true, out)?;
    for (view, table) in neighbours(&diagram.model) {
        let [view, table] = [view, table].map(|at| id(&diagram.model.relations[at]));
        writeln!(out, "  {{ rank=same; {table}; {view} }}")?;
    }
    writeln!(out, "}}")
}

/// Names in groups.
pub(super) fn overview(
    diagram: &Diagram,
    groups: &[(String, Vec<usize>)],
    out: &mut String,
) -> fmt::Result {
    let relations = &diagram.model.relations;
    let ends = "A line is a foreign key, its foot at the table that refers";
    head(diagram, ends, "nodesep=0.35, ranksep=0.6", out)?;
    for (at, (name, members)) in groups.iter().enumerate() {
        writeln!(out, "  subgraph cluster_{at} {{")?;
        writeln!(
            out,
            "    graph [label=<<B>{}</B>>, labeljust=l, style=\"rounded,filled\", \
             color=\"#cbd5e1\", fillcolor=\"#f1f5f9\", margin=14]",
            text(name)
        )?;
        for &member in members {
            write!(out, "  ")?;
            name_only(&relations[member], out)?;
        }
        writeln!(out, "  }}")?;
    }
    for (at, relation) in relations.iter().enumerate() {
        if !groups.iter().any(|(_, members)| members.contains(&at)) {
            name_only(relation, out)?;
        }
    }
    links(&diagram.model, false, out)?;
    writeln!(out, "}}")
}

fn head(diagram: &Diagram, ends: &str, spaces: &str, out: &mut String) -> fmt::Result {
    let title = text(&diagram.title);
    let font = format!("fontname=\"DejaVu Sans\", fontcolor=\"{INK}\"");
    writeln!(out, "digraph {} {{", quoted(&diagram.title))?;
    writeln!(out, "  graph [rankdir=LR, {spaces}, pad=0.3, bgcolor=white, {font}, fontsize=12,")?;
    writeln!(out, "    labelloc=t, label=<<FONT POINT-SIZE=\"18\"><B>{title}</B></FONT><BR/>")?;
    // What the lines mean, of those that there are.
    let mut key = Vec::new();
    if !diagram.model.links.iter().all(Link::reads) {
        key.push(ends);
    }
    if diagram.model.links.iter().any(Link::reads) {
        key.push("Dashed: what a view reads");
    }
    let key = text(&key.join(". "));
    if !key.is_empty() {
        writeln!(out, "    <FONT POINT-SIZE=\"9\" COLOR=\"{GREY}\">{key}</FONT><BR/>")?;
    }
    writeln!(out, "    >]")?;
    writeln!(out, "  node [shape=plain, {font}, fontsize=11]")?;
    writeln!(out, "  edge [dir=both, color=\"#475569\", {font}, fontsize=8.5]")
}

fn table(relation: &Relation, to_itself: &[String], out: &mut String) -> fmt::Result {
    let name = text(&label(&relation.name));
    let (style, dark) = match relation.kind {
        RelationKind::Table => ("STYLE=\"ROUNDED\"", "#1e3a5f"),
        RelationKind::View => ("STYLE=\"ROUNDED,DASHED\"", "#4b5563"),
        RelationKind::Outside => {
            return write!(
                out,
                "<TABLE BORDER=\"1\" CELLBORDER=\"0\" CELLPADDING=\"6\" STYLE=\"DASHED\" \
                 COLOR=\"{LINE}\"><TR><TD><FONT COLOR=\"{GREY}\">{name}</FONT></TD></TR></TABLE>"
            );
        }
    };
    writeln!(
        out,
        "\n    <TABLE {style} BORDER=\"1\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"3\" \
         COLOR=\"{LINE}\" BGCOLOR=\"white\">"
    )?;
    let width = width(relation);
    let title = format!("<FONT POINT-SIZE=\"14\" COLOR=\"{dark}\"><B>{name}</B></FONT>");
    whole(&title, " PORT=\"title\"", out)?;
    if let Some(comment) = &relation.comment {
        let lines = wrapped(comment, width * 6 / 5);
        whole(&format!("<FONT POINT-SIZE=\"9\" COLOR=\"{GREY}\">{lines}</FONT>"), "", out)?;
    }
    for mark in &relation.marks {
        let lines = wrapped(mark, width * 11 / 10);
        let color = if relation.kind == RelationKind::View { "#f3f4f6" } else { MARK };
        let fill = format!(" BGCOLOR=\"{color}\"");
        whole(&format!("<FONT POINT-SIZE=\"9\"><B>{lines}</B></FONT>"), &fill, out)?;
    }
    writeln!(out, "      <HR/>")?;
    if relation.kind == RelationKind::View {
        let names: Vec<_> = relation.columns.iter().map(|column| column.name.as_str()).collect();
        let lines = wrapped(&names.join(", "), width);
        whole(&format!("<FONT POINT-SIZE=\"10\">{lines}</FONT>"), "", out)?;
    } else {
        for (at, column) in relation.columns.iter().enumerate() {
            row(at, column, out)?;
        }
    }
    let notes = relation.notes.iter().map(|note| &note.text).chain(to_itself);
    for (at, note) in notes.enumerate() {
        if at == 0 {
            writeln!(out, "      <HR/>")?;
        }
        let lines = wrapped(note, width * 6 / 5);
        whole(&format!("<FONT POINT-SIZE=\"9\">{lines}</FONT>"), "", out)?;
    }
    write!(out, "    </TABLE>")
}

fn whole(inside: &str, attributes: &str, out: &mut String) -> fmt::Result {
    writeln!(
        out,
        "      <TR><TD COLSPAN=\"4\" ALIGN=\"LEFT\" BALIGN=\"LEFT\"{attributes}>{inside}</TD></TR>"
    )
}

/// Its ports are `w0` on the left and `e0` on the right.
fn row(at: usize, column: &Column, out: &mut String) -> fmt::Result {
    let keys = [(column.primary, "PK"), (column.foreign, "FK"), (column.unique, "UQ")];
    let keys: Vec<_> = keys.iter().filter(|(is, _)| *is).map(|(_, key)| *key).collect();
    let small = |text: &str, face: &str| match (text, face) {
        ("", _) => String::new(),
        (_, "") => format!("<FONT POINT-SIZE=\"9\" COLOR=\"{GREY}\">{text}</FONT>"),
        _ => format!("<FONT POINT-SIZE=\"9\" COLOR=\"#b45309\"><{face}>{text}</{face}></FONT>"),
    };
    let name = text(&column.name);
    let name = if column.primary { format!("<B>{name}</B>") } else { name };
    writeln!(
        out,
        "      <TR><TD PORT=\"w{at}\" ALIGN=\"LEFT\">{}</TD><TD ALIGN=\"LEFT\">{name}</TD>\
         <TD ALIGN=\"LEFT\"><FONT COLOR=\"{GREY}\">{}</FONT></TD>\
         <TD PORT=\"e{at}\" ALIGN=\"LEFT\">{}</TD></TR>",
        small(&keys.join(" "), "B"),
        text(&column.of_type),
        small(&column.remarks.join(", "), ""),
    )
}

fn name_only(relation: &Relation, out: &mut String) -> fmt::Result {
    let name = text(&label(&relation.name));
    let (style, color) = match relation.kind {
        RelationKind::Table => ("rounded,filled", LINE),
        RelationKind::View => ("rounded,filled,dashed", LINE),
        RelationKind::Outside => ("dashed", LINE),
    };
    write!(
        out,
        "  {} [shape=box, style=\"{style}\", fillcolor=white, color=\"{color}\", label=<{name}",
        id(relation)
    )?;
    for mark in &relation.marks {
        let lines = wrapped(mark, 28);
        write!(out, "<BR/><FONT POINT-SIZE=\"8.5\" COLOR=\"{GREY}\">{lines}</FONT>")?;
    }
    writeln!(out, ">]")
}

/// Each from the relation that is referred to, so that it stands on the left.
fn links(model: &Model, detailed: bool, out: &mut String) -> fmt::Result {
    let neighbours = neighbours(model);
    for Link { from, to, how } in &model.links {
        let (child, parent) = (&model.relations[*from], &model.relations[*to]);
        let (mut tail, mut head) = (id(parent), id(child));
        let shape = match how {
            How::Reads => {
                let far = detailed && !neighbours.contains(&(*from, *to));
                let free = if far { ", constraint=false" } else { "" };
                format!("style=dashed, arrowtail=none, arrowhead=vee, color=\"{LINE}\"{free}")
            }
            How::ForeignKey { .. } if !detailed => "arrowtail=none, arrowhead=crow".to_owned(),
            How::ForeignKey { columns, referenced, optional, unique, remarks } => {
                // Where lines of both kinds end, each kind has an end of its own.
                let side = if from == to { "w" } else { "e" };
                let apart = *optional && parent.kind != RelationKind::Outside;
                let end =
                    if apart { format!(":title:{side}") } else { port(parent, referenced, side) };
                tail += &end;
                head += &port(child, columns, "w");
                let one = if *optional { "teeodot" } else { "teetee" };
                let many = if *unique { "teeodot" } else { "crowodot" };
                let mut says = Vec::new();
                if columns.len() > 1 {
                    says.push(wrapped(&columns.join(", "), 20));
                }
                says.extend(remarks.iter().map(|remark| wrapped(remark, 10)));
                let says = if says.is_empty() || from == to {
                    String::new()
                } else {
                    format!(", label=<{}>", says.join("<BR/>"))
                };
                format!("arrowtail={one}, arrowhead={many}{says}")
            }
        };
        writeln!(out, "  {tail} -> {head} [{shape}]")?;
    }
    Ok(())
}

/// What lines from a table to itself say. Graphviz would write it far from them.
fn to_itself(model: &Model, at: usize) -> Vec<String> {
    let says = |link: &Link| match &link.how {
        How::ForeignKey { columns, referenced, remarks, .. }
            if link.from == at && link.to == at =>
        {
            let own = format!("{} → {}", columns.join(", "), referenced.join(", "));
            Some([&[own][..], remarks].concat().join(", "))
        }
        _ => None,
    };
    model.links.iter().filter_map(says).collect()
}

/// Each view with the table that it stands by: one that it reads, of which nothing follows if there
/// is one.
fn neighbours(model: &Model) -> Vec<(usize, usize)> {
    let followed = |table: usize| {
        model.links.iter().any(|link| link.to == table && link.from != table && !link.reads())
    };
    let mut found = Vec::new();
    for view in 0..model.relations.len() {
        let read = |link: &&Link| link.from == view && link.reads();
        let read: Vec<usize> = model.links.iter().filter(read).map(|link| link.to).collect();
        let table = read.iter().find(|table| !followed(**table)).or(read.first());
        found.extend(table.map(|table| (view, *table)));
    }
    found
}

/// At the row of the first of these columns.
fn port(relation: &Relation, columns: &[String], side: &str) -> String {
    let at = columns
        .first()
        .and_then(|first| relation.columns.iter().position(|column| column.name == *first));
    at.map(|at| format!(":{side}{at}:{side}")).unwrap_or_default()
}

fn id(relation: &Relation) -> String {
    quoted(&format!("{}.{}", relation.name.0, relation.name.1))
}

/// An identifier between double quotes.
fn quoted(name: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let name: String = name.chars().map(plain).collect();
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Inside of a label in the form of HTML, which is XML.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Not even by their number may XML hold these.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// In lines of about so many characters.
fn wrapped(long: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in long.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.iter().map(|line| text(line)).collect::<Vec<_>>().join("<BR/>")
}

/// Of its widest row, in characters.
fn width(relation: &Relation) -> usize {
    let count = |text: &str| text.chars().count();
    let row = |column: &Column| {
        count(&column.name) + count(&column.of_type) + count(&column.remarks.join(", ")) + 8
    };
    let rows = match relation.kind {
        RelationKind::View => 0,
        _ => relation.columns.iter().map(row).max().unwrap_or(0),
    };
    rows.max(count(&label(&relation.name))).clamp(34, 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_label_or_an_identifier_does_not() {
        assert_eq!(text("a <b> & \"c\"\u{7}"), "a &lt;b&gt; &amp; &quot;c&quot; ");
        assert_eq!(quoted("a \"b\" \\"), r#""a \"b\" \\""#);
    }

    #[test]
    fn lines_end_between_words() {
        assert_eq!(wrapped("one two three", 7), "one two<BR/>three");
        assert_eq!(wrapped("a_very_long_word is", 3), "a_very_long_word<BR/>is");
        assert_eq!(wrapped("", 3), "");
    }
}
