//! Who may import whom. A module sees only the modules named beside it, each in its own or a lower layer.

use super::{none, root, sources};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

/// Layer, module, and what it may import besides `limits` and `value`, which everybody may.
const LAYERS: &[(u8, &str, &[&str])] = &[
    (0, "failpoint", &[]),
    (0, "limits", &[]),
    (0, "name", &[]),
    (0, "run", &["name"]),
    (0, "text", &[]),
    (0, "value", &[]),
    (1, "diag", &["text"]),
    (1, "expr", &["text", "diag", "name"]),
    (2, "model", &["text", "diag", "name", "expr"]),
    (3, "graph", &["text", "diag", "name", "run", "model", "expr"]),
    (4, "lint", &["text", "diag", "name", "run", "model", "expr", "graph"]),
    (4, "plan", &["text", "name", "run", "model", "expr", "graph"]),
    (5, "agent", &["failpoint", "name", "run", "expr"]),
    (5, "engine", &["name", "run", "plan", "expr"]),
    (5, "project", &["text", "diag", "name", "run", "expr", "model", "graph", "lint", "plan"]),
    (5, "store", &["failpoint", "name", "run"]),
    (6, "drive", &["failpoint", "name", "run", "plan", "engine", "project", "store", "agent", "expr"]),
    (6, "trial", &["name", "run", "plan", "engine", "expr", "diag"]),
    (6, "view", &["name", "run", "plan", "store", "expr"]),
    (
        7,
        "cli",
        &[
            "name", "run", "text", "diag", "expr", "model", "graph", "lint", "plan", "agent", "engine", "project", "store",
            "drive", "trial", "view", "lsp",
        ],
    ),
    (7, "lsp", &["text", "diag", "expr", "model", "graph", "lint", "project"]),
];

/// What everybody may import.
const SHARED: [&str; 2] = ["limits", "value"];

/// Modules without clock, file, environment, network, randomness and printing.
const PURE: [&str; 12] = ["text", "limits", "name", "value", "run", "diag", "expr", "model", "graph", "lint", "plan", "engine"];

fn allowed(from: &str, to: &str) -> bool {
    let named = LAYERS.iter().any(|(_, module, imports)| *module == from && imports.contains(&to));
    from == to || named || SHARED.contains(&to)
}

/// Collects the first segment after `crate` (or after a `super` that leads out to the root), with its line.
struct Imports<'a> {
    module: &'a [String],
    found: Vec<(usize, String)>,
}

impl Imports<'_> {
    /// A path by its segments: where does it lead, seen from the root?
    fn path(&mut self, segments: &[String], line: usize) {
        let mut at: Vec<&str> = match segments.first().map(String::as_str) {
            Some("crate") => vec![],
            Some("super" | "self") => self.module.iter().map(String::as_str).collect(),
            _ => return,
        };
        for segment in segments {
            match segment.as_str() {
                "crate" | "self" => {}
                "super" => drop(at.pop()),
                other => at.push(other),
            }
        }
        if let Some(first) = at.first() {
            self.found.push((line, (*first).to_owned()));
        }
    }

    fn tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let mut path = before.to_vec();
        match tree {
            syn::UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.tree(&path, &step.tree);
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(&path, item)),
            syn::UseTree::Name(name) => self.leaf(path, &name.ident),
            syn::UseTree::Rename(rename) => self.leaf(path, &rename.ident),
            syn::UseTree::Glob(glob) => self.path(&path, glob.star_token.spans[0].start().line),
        }
    }

    fn leaf(&mut self, mut path: Vec<String>, ident: &syn::Ident) {
        path.push(ident.to_string());
        self.path(&path, ident.span().start().line);
    }

    /// Paths inside a macro's tokens, where no syntax tree is.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = vec![];
        let mut line = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    path.push(ident.to_string());
                    line = ident.span().start().line;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => continue,
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
            self.path(&path, line);
            path.clear();
        }
        self.path(&path, line);
    }
}

impl<'ast> Visit<'ast> for Imports<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let line = path.segments.first().map_or(0, |segment| segment.ident.span().start().line);
        self.path(&segments, line);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
        syn::visit::visit_macro(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let Some((_, items)) = &item.content else { return };
        let module: Vec<_> = self.module.iter().cloned().chain([item.ident.to_string()]).collect();
        let mut inner = Imports { module: &module, found: vec![] };
        for item in items {
            inner.visit_item(item);
        }
        self.found.append(&mut inner.found);
    }
}

/// `src/engine/decide.rs` is `engine::decide`.
fn module_path(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<_> = path.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let mut found = vec![];
    for source in sources("src") {
        let module = module_path(&source.path);
        let from = module[0].clone();
        if ["lib", "main"].contains(&from.as_str()) || source.path == "src/project/build.rs" {
            continue;
        }
        assert!(LAYERS.iter().any(|(_, known, _)| *known == from), "{}: `{from}` is not in the table", source.path);
        let file = syn::parse_file(&source.text).unwrap();
        let mut imports = Imports { module: &module, found: vec![] };
        imports.visit_file(&file);
        for (line, to) in imports.found {
            if !allowed(&from, &to) {
                found.push(format!("{}:{line}: `{from}` imports `{to}`", source.path));
            }
        }
    }
    found.sort();
    found.dedup();
    none("imports against the layers", &found);
}

#[test]
fn the_table_itself_goes_downwards_without_rings() {
    let layer = |name: &str| LAYERS.iter().find(|(_, module, _)| *module == name).expect("in the table").0;
    for (own, module, imports) in LAYERS {
        for import in *imports {
            assert!(layer(import) <= *own, "`{module}` imports `{import}` from above");
        }
    }
    let mut settled: Vec<&str> = vec![];
    while settled.len() < LAYERS.len() {
        let free = |imports: &[&str]| imports.iter().all(|import| settled.contains(import));
        let next = LAYERS.iter().find(|(_, module, imports)| !settled.contains(module) && free(imports));
        settled.push(next.expect("the imports form a ring").1);
    }
}

#[test]
fn the_map_of_the_library_lists_each_module_with_a_line() {
    let map = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let lines: Vec<_> = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.split_once("; // ")).collect();
    let mut listed: Vec<_> = lines.iter().map(|(module, _)| *module).collect();
    listed.sort_unstable();
    let mut known: Vec<_> = LAYERS.iter().map(|(_, module, _)| *module).collect();
    known.sort_unstable();
    assert_eq!(listed, known, "src/lib.rs and the table of layers differ");
}

#[test]
fn pure_modules_refuse_the_clock_and_the_disk() {
    let map = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let guarded = |module: &&&str| !map.contains(&format!("#[deny(clippy::disallowed_methods)]\npub mod {module};"));
    let found: Vec<_> = PURE.iter().filter(guarded).map(|module| format!("src/lib.rs: `{module}`")).collect();
    none("pure modules without `#[deny(clippy::disallowed_methods)]`", &found);
}
