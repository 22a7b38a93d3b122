//! Links lead to a page, and to a heading of it; the table of contents names every page.

use super::{pages, text};
use crate::tidy::{none, root};
use std::path::{Path, PathBuf};

/// A page without what stands in its blocks.
fn prose(page: &Path) -> String {
    let text = text(page);
    let parts = text.split("\n```").enumerate();
    parts.filter(|(at, _)| at % 2 == 0).map(|(_, part)| part.to_owned()).collect::<Vec<_>>().join("\n")
}

/// The anchors of a page, as mdBook makes them of the headings.
fn anchors(page: &Path) -> Vec<String> {
    let mut anchors: Vec<String> = vec![];
    for heading in prose(page).lines().filter(|line| line.starts_with('#')) {
        let heading = heading.trim_start_matches('#').trim();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '-' | '_'));
        let anchor: String = kept.map(|c| if c.is_whitespace() { '-' } else { c.to_ascii_lowercase() }).collect();
        let before = anchors.iter().filter(|known| **known == anchor).count();
        anchors.push(if before == 0 { anchor } else { format!("{anchor}-{before}") });
    }
    anchors
}

#[test]
fn every_link_leads_to_a_page_and_to_a_heading_of_it() {
    let mut found = vec![];
    for page in pages() {
        let text = prose(&page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(link, _)| link)) {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap_or(Path::new("")).join(path) };
            let is_page = target.extension().is_some_and(|extension| extension == "md");
            if !root().join(&target).exists() {
                found.push(format!("{}: {link}", page.display()));
            } else if let Some(anchor) = anchor.filter(|_| is_page)
                && !anchors(&target).iter().any(|known| known == anchor)
            {
                found.push(format!("{}: {link}: the page has no such heading", page.display()));
            }
        }
    }
    none("links that lead nowhere", &found);
}

#[test]
fn every_page_of_the_book_is_in_its_table_of_contents() {
    let summary = text(Path::new("book/src/SUMMARY.md"));
    let listed = |page: &PathBuf| {
        let name = page.strip_prefix("book/src").ok()?.to_str()?;
        Some(name == "SUMMARY.md" || summary.contains(&format!("({name})")))
    };
    let found: Vec<_> =
        pages().iter().filter(|page| listed(page) == Some(false)).map(|page| page.display().to_string()).collect();
    none("pages that SUMMARY.md does not list", &found);
}
