//! Puts sections and keys into the order of the language, which is the order in which [`keys`] names them. Where names
//! are the author's, so is the order.

use super::statement::{File, Key, Section};
use crate::model::keys::keys;
use indexmap::IndexMap;
use std::collections::HashMap;
use std::rc::Rc;

/// Stands for any name of the author's in a path.
const ANY: &str = "x";

/// Where something belongs: for each part of its path the place of the name, and which of several elements it is in.
type Rank = Vec<(usize, usize)>;

/// Sorts a file.
pub fn sort(file: &mut File<'_>) {
    let mut order = Order { known: HashMap::new(), tables: vec![Table::default()] };
    let mut ranked: Vec<_> = file.sections.drain(..).map(|section| order.section(section)).collect();
    // The keys above the first header stay there.
    ranked.sort_by(|(a, x), (b, y)| (x.header.is_some(), a).cmp(&(y.header.is_some(), b)));
    file.sections = ranked.into_iter().map(|(_, section)| section).collect();
}

/// A table as far as it has been seen.
#[derive(Default)]
struct Table {
    /// What is in it, in the order of the file.
    below: IndexMap<String, usize>,
    /// How many elements it has, when it is a list of tables.
    elements: usize,
}

struct Order {
    /// The keys of the tables that were asked for, by path with [`ANY`] for the author's names.
    known: HashMap<Vec<String>, Rc<[&'static str]>>,
    /// All tables, the file itself first.
    tables: Vec<Table>,
}

impl Order {
    /// Sorts the keys of a section, and says where it belongs itself.
    fn section<'t>(&mut self, mut section: Section<'t>) -> (Rank, Section<'t>) {
        let (mut table, mut path, mut rank) = (0, vec![], vec![]);
        if let Some(header) = &section.header {
            self.go(&mut table, &mut path, &mut rank, &header.what.path);
            if header.what.element {
                let list = &mut self.tables[table];
                list.elements += 1;
                list.below.clear();
                if let Some((_, element)) = rank.last_mut() {
                    *element = list.elements;
                }
            }
        }
        let mut entries: Vec<(Rank, _)> = vec![];
        for entry in section.entries {
            let mut rank = vec![];
            self.go(&mut table.clone(), &mut path.clone(), &mut rank, &entry.what.path);
            entries.push((rank, entry));
        }
        // A table of the author's own names may be written in parts, with a header for some of them: it stays behind
        // those that stood before it.
        if section.header.is_some() && self.keys(&path).is_empty() {
            rank.extend(entries.first().map(|(first, _)| first[0]));
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        section.entries = entries.into_iter().map(|(_, entry)| entry).collect();
        (rank, section)
    }

    /// Goes down from a table.
    fn go(&mut self, table: &mut usize, path: &mut Vec<String>, rank: &mut Rank, keys: &[Key<'_>]) {
        for Key { name, .. } in keys {
            let known = self.keys(path);
            let new = self.tables.len();
            let entry = self.tables[*table].below.entry(name.clone());
            let seen = entry.index();
            *table = *entry.or_insert(new);
            if *table == new {
                self.tables.push(Table::default());
            }
            let at = known.iter().position(|key| key == name).unwrap_or(known.len() + seen);
            rank.push((at, self.tables[*table].elements));
            path.push(if known.is_empty() { ANY.to_owned() } else { name.clone() });
        }
    }

    fn keys(&mut self, path: &[String]) -> Rc<[&'static str]> {
        if !self.known.contains_key(path) {
            let names: Vec<&str> = path.iter().map(String::as_str).collect();
            self.known.insert(path.to_vec(), keys(&names).into());
        }
        self.known[path].clone()
    }
}
