//! The keys that may stand in a table: those that the reader itself asks for, so that no second list can differ.

use super::parse::read;
use crate::text::FileId;

/// A key that no table has.
const NOBODY: &str = "?";

/// The keys of the table at a path from the top, such as `["phases", "plan", "repeat"]`, in the order of the language.
/// Empty where no table is, or one whose keys are the author's own.
pub fn keys(path: &[&str]) -> Vec<&'static str> {
    let quoted: Vec<String> = path.iter().map(|name| format!("{name:?}")).collect();
    let entry = format!("{NOBODY:?} = 0");
    let texts = match quoted.as_slice() {
        [] => vec![entry],
        [one] => vec![format!("[{one}]\n{entry}"), format!("[[{one}]]\n{entry}")],
        [first, .., last] => {
            let all = quoted.join(".");
            let above = quoted[..quoted.len() - 1].join(".");
            vec![
                format!("[{all}]\n{entry}"),
                format!("[[{first}]]\n[{all}]\n{entry}"),
                format!("[{above}]\n{last} = [{{ {entry} }}]"),
            ]
        }
    };
    texts.iter().map(|text| asked(text)).find(|keys| !keys.is_empty()).unwrap_or_default()
}

fn asked(text: &str) -> Vec<&'static str> {
    let unknown = read(FileId(0), text).unknown;
    let here = unknown.into_iter().find(|(span, _)| text.get(span.range()).is_some_and(|key| key.contains(NOBODY)));
    here.map(|(_, keys)| keys).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn each_table_has_the_keys_that_are_read_of_it() {
        assert!(keys(&[]).contains(&"phases") && keys(&[]).contains(&"summary"));
        for (path, key) in [
            (&["phases", "x"][..], "idle_timeout"),
            (&["phases", "x", "repeat"], "from"),
            (&["phases", "x", "accept"], "files"),
            (&["phases", "x", "require"], "that"),
            (&["phases", "x", "retry"], "factor"),
            (&["phases", "x", "run"], "shell"),
            (&["agents", "a"], "access"),
            (&["params", "p"], "choices"),
            (&["params", "p", "file"], "dirs"),
            (&["documents", "d"], "view"),
            (&["series"], "while_running"),
            (&["store"], "history"),
            (&["limits"], "wall"),
            (&["defaults"], "retry"),
            (&["checks"], "files"),
            (&["tests"], "stubs"),
            (&["tests", "expect"], "path"),
        ] {
            let all = keys(path);
            assert!(all.contains(&key) && !all.contains(&"?"), "{path:?}: {all:?}");
        }
        for own in [&["vars"][..], &["nothing"], &["phases"], &["phases", "x", "env"], &["phases", "x", "\"\n["]] {
            assert_eq!(keys(own), Vec::<&str>::new(), "{own:?}");
        }
    }
}
