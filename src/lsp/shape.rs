//! Types in the shorthand of shapes, for people.

use crate::expr::shape::Type;

/// How deep a table is written out.
const DEPTH: usize = 3;

/// A type as an author would declare it.
pub(super) fn shorthand(ty: &Type) -> String {
    write(ty, DEPTH)
}

fn write(ty: &Type, depth: usize) -> String {
    match ty {
        Type::Any => "json".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Bool => "boolean".to_owned(),
        Type::Number { whole, min, max } => {
            let name = if *whole { "integer" } else { "number" };
            match (min, max) {
                (Some(min), Some(max)) => format!("{name} {min}..{max}"),
                _ => name.to_owned(),
            }
        }
        Type::Text { choices: None } => "string".to_owned(),
        Type::Text { choices: Some(choices) } => choices.iter().map(|choice| format!("'{choice}'")).collect::<Vec<_>>().join("|"),
        Type::List(item) => match &**item {
            Type::Table { .. } => format!("[{}]", write(item, depth)),
            Type::Union(_) => format!("({})[]", write(item, depth)),
            item => format!("{}[]", write(item, depth)),
        },
        Type::Table { .. } if depth == 0 => "{ … }".to_owned(),
        Type::Table { fields, open } => {
            let field = |(name, field): (&String, &crate::expr::shape::Field)| {
                let mark = if field.optional { "?" } else { "" };
                format!("{name}{mark} = {}", write(&field.ty, depth - 1))
            };
            let mut all: Vec<_> = fields.iter().map(field).collect();
            if *open {
                all.push("\"*\" = json".to_owned());
            }
            if all.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", all.join(", ")) }
        }
        Type::Union(types) => types.iter().map(|ty| write(ty, depth)).collect::<Vec<_>>().join(" | "),
    }
}
