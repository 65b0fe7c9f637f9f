//! Prints `docs/src/registers.md`.

fn main() {
    print!("{}", dqa_hdl::register_page::markdown());
}
