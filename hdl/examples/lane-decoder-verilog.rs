//! Prints the chunk lane decoder's Verilog for words of 64 bits, or of 32: `lane-decoder-verilog 32`.

use dqa_hdl::chunk_lane_decoder::ChunkLaneDecoder;
use dqa_hdl::emit::emit;

fn main() {
    let text = match std::env::args().nth(1).as_deref() {
        None | Some("64") => emit(
            "chunk_lane_decoder",
            "",
            ChunkLaneDecoder::<64, 2>::default(),
        ),
        Some("32") => emit(
            "chunk_lane_decoder",
            "",
            ChunkLaneDecoder::<32, 1>::default(),
        ),
        Some(width) => panic!("words of {width} bits: choose 32 or 64"),
    };
    print!("{}", text.expect("sound RTL"));
}
