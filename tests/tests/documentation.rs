//! Every link of the documentation leads somewhere, and the book has all of its pages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Pages outside of the book.
const OTHERS: [&str; 4] = [
    "README.md",
    "CONTRIBUTING.md",
    "tests/data/README.md",
    "driver/tests/fixtures/README.md",
];

/// What a page links to, and the anchors of its headings.
#[derive(Default)]
struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Page {
    fn of(text: &str) -> Self {
        let mut page = Self::default();
        let mut heading: Option<String> = None;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.anchors
                        .extend(heading.take().map(|text| anchor(&text)));
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        page
    }
}

/// The anchor that mdBook gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_ascii_lowercase()),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    });
    kept.collect()
}

/// The Markdown files below a folder.
fn markdown(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => markdown(&path),
            Some(extension) if extension == "md" => vec![path],
            _ => Vec::new(),
        })
        .collect()
}

/// The links of these pages that lead nowhere; of a page in the book also those that lead out of it.
fn broken(pages: &BTreeMap<PathBuf, Page>, book: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for (path, page) in pages {
        for link in &page.links {
            if link.contains("://") {
                continue;
            }
            let (file, wanted) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                _ => path.parent().expect("a folder").join(file),
            };
            let target = target.canonicalize().ok();
            let leads = target.is_some_and(|target| {
                let has_anchor = |page: &Page| wanted.is_empty() || page.anchors.contains(wanted);
                let inside = !path.starts_with(book) || target.starts_with(book);
                inside && pages.get(&target).is_none_or(has_anchor)
            });
            if !leads {
                found.push(format!("{}: {link}", path.display()));
            }
        }
    }
    found
}

#[test]
fn links_lead_somewhere() {
    let root = Path::new(ROOT).canonicalize().expect("the workspace");
    let book = root.join("docs/src");
    let mut paths = markdown(&book);
    paths.extend(OTHERS.map(|page| root.join(page)));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a page");
        (path, Page::of(&text))
    };
    let pages: BTreeMap<_, _> = paths.into_iter().map(read).collect();
    let found = broken(&pages, &book);
    assert!(found.is_empty(), "{}", found.join("\n"));

    let summary = book.join("SUMMARY.md");
    let listed = pages[&summary].links.iter().map(|link| book.join(link));
    let listed: BTreeSet<_> = listed.chain([summary.clone()]).collect();
    let written: BTreeSet<_> = pages
        .keys()
        .filter(|path| path.starts_with(&book))
        .cloned()
        .collect();
    assert_eq!(
        listed, written,
        "docs/src/SUMMARY.md lists the pages of docs/src"
    );
}

#[test]
fn broken_links_are_found() {
    let folder = Path::new(ROOT)
        .join("docs")
        .canonicalize()
        .expect("a folder");
    let page = Page::of(
        "# A `b`: c\n[1](#a-b-c) [2](#a-b) [3](a.md) [4](book.toml) ![5](../README.md#x) [6](http://x)",
    );
    let pages = BTreeMap::from([(folder.join("book.toml"), page)]);
    let found = broken(&pages, &folder);
    let numbers: Vec<_> = found.iter().map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(
        numbers,
        [Some("#a-b"), Some("a.md"), Some("../README.md#x")]
    );
}
