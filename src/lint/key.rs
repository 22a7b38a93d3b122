//! The parts of a key template that are the same whatever is rendered into it.

use crate::graph::Draft;
use crate::text::{Embedded, Span};
use std::ops::Range;

/// A key template of the pipeline.
pub struct KeyTemplate<'a> {
    /// Whose key it is, for messages.
    pub owner: String,
    /// The template.
    pub text: &'a Embedded,
    /// Where it stands.
    pub span: Span,
}

/// All key templates: of the series and of the documents.
pub fn templates<'a>(draft: &Draft<'a>) -> Vec<KeyTemplate<'a>> {
    let series = draft.pipeline.series.as_ref().and_then(|series| series.key.as_ref());
    let series = series.map(|key| KeyTemplate { owner: "the series".to_owned(), text: &key.value, span: key.span });
    let documents = draft.pipeline.documents.values().filter_map(|document| {
        let key = document.key.as_ref()?;
        Some(KeyTemplate { owner: format!("`{}`", document.name.value), text: &key.value, span: key.span })
    });
    series.into_iter().chain(documents).collect()
}

/// The literal parts of a template, as ranges of it, in order.
pub fn literals(template: &str) -> Vec<Range<usize>> {
    let mut parts = vec![];
    let mut at = 0;
    while let Some((open, close)) = next_tag(template, at) {
        parts.push(at..open);
        at = close;
    }
    parts.push(at..template.len());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The next `{{ … }}`, `{% … %}` or `{# … #}` from an offset on. It looks at each byte once.
fn next_tag(template: &str, from: usize) -> Option<(usize, usize)> {
    let tags = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
    let found = template[from..].match_indices('{').map(|(at, _)| from + at).find_map(|at| {
        let (_, close) = tags.iter().find(|(open, _)| template[at..].starts_with(open))?;
        Some((at, *close))
    });
    let (open, close) = found?;
    let end = template[open..].find(close).map_or(template.len(), |end| open + end + 2);
    Some((open, end))
}

#[cfg(test)]
mod tests {
    use super::literals;

    #[test]
    fn literal_parts_are_what_stands_between_tags() {
        let parts = |text: &str| literals(text).into_iter().map(|part| text[part].to_owned()).collect::<Vec<_>>();
        assert_eq!(parts("a.{{ x | slug }}.b{% if y %}c{% endif %}"), ["a.", ".b", "c"]);
        assert_eq!(parts("{{ series }}"), Vec::<String>::new());
        assert_eq!(parts("{# no #}k{{ open"), ["k"]);
    }
}
