//! Prints the AXI4-Lite port, for `hdl/formal/axil`.

use dqa_hdl::{axil_port::AxilPort, emit::emit};

fn main() {
    let port = emit("axil_port", "", AxilPort::default());
    print!("{}", port.expect("sound RTL"));
}
