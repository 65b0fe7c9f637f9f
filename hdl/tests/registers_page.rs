//! The page about the registers is that of their description.

use dqa_hdl::register_page::markdown;

#[test]
fn the_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/registers.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == markdown(),
        "docs/src/registers.md is stale: run\n    \
         cargo run -p dqa-hdl --example registers-page > docs/src/registers.md"
    );
}
