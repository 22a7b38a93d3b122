//! Rules that need a syntax tree: lengths of functions, `unwrap` outside tests, glob imports.

use super::{none, sources};
use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::Visit;

/// A function longer than this fails.
const FUNCTION_LINES: usize = 70;

#[derive(Default)]
struct Rules {
    path: String,
    test: bool,
    found: Vec<String>,
}

impl Rules {
    fn report(&mut self, line: usize, what: &str) {
        self.found.push(format!("{}:{line}: {what}", self.path));
    }

    fn length(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.span().start().line;
        let lines = block.span().end().line + 1 - first;
        if lines > FUNCTION_LINES {
            self.report(first, &format!("`{}` has {lines} lines", signature.ident));
        }
    }

    /// Works on what may be test code, and comes back out of it.
    fn maybe_test(&mut self, attributes: &[syn::Attribute], visit: impl FnOnce(&mut Self)) {
        let before = self.test;
        self.test |= attributes.iter().any(is_test);
        visit(self);
        self.test = before;
    }

    /// `.unwrap()` inside a macro's tokens.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut dot = false;
        for token in tokens {
            match &token {
                TokenTree::Ident(ident) if dot && ident == "unwrap" && !self.test => {
                    self.report(ident.span().start().line, "`unwrap` in a macro");
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
            dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
        }
    }

    fn globs(&mut self, tree: &syn::UseTree, inside: &str) {
        match tree {
            syn::UseTree::Path(step) => self.globs(&step.tree, &step.ident.to_string()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.globs(item, inside)),
            syn::UseTree::Glob(glob) if !self.test || inside != "super" => {
                self.report(glob.star_token.spans[0].start().line, &format!("`{inside}::*`"));
            }
            _ => {}
        }
    }
}

fn is_test(attribute: &syn::Attribute) -> bool {
    let words = |list: &syn::MetaList| list.tokens.to_string().contains("test");
    match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) => list.path.is_ident("cfg") && words(list),
        syn::Meta::NameValue(_) => false,
    }
}

impl<'ast> Visit<'ast> for Rules {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.maybe_test(&item.attrs, |rules| syn::visit::visit_item_mod(rules, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.length(&item.sig, &item.block);
        self.maybe_test(&item.attrs, |rules| syn::visit::visit_item_fn(rules, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.length(&item.sig, &item.block);
        self.maybe_test(&item.attrs, |rules| syn::visit::visit_impl_item_fn(rules, item));
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "unwrap" && call.args.is_empty() && !self.test {
            self.report(call.method.span().start().line, "`unwrap`: say with `expect` why it cannot fail, or handle it");
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.globs(&item.tree, "");
    }
}

#[test]
fn functions_are_short_and_nothing_unwraps_or_globs() {
    let mut found = vec![];
    for source in sources("src").into_iter().chain(sources("tests")) {
        let mut rules = Rules { path: source.path.clone(), test: source.is_test(), found: vec![] };
        rules.visit_file(&syn::parse_file(&source.text).unwrap_or_else(|error| panic!("{}: {error}", source.path)));
        found.append(&mut rules.found);
    }
    none(&format!("functions over {FUNCTION_LINES} lines, `unwrap` outside tests, glob imports"), &found);
}
