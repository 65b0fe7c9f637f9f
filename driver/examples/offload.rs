//! Offloads the quantization of batches to any device, and reads them back:
//! `cargo run -r -p dqa-driver --example offload -- xdma:0`; or `software:`, `sim:`, `uart:/dev/ttyUSB1`

use dqa_driver::device;
use dqa_driver::offload::{Done, Offload, Work};
use dqa_driver::plan::Plan;
use dqa_driver::settings::{Settings, Tables};
use dqa_driver::source::TensorSlice;

const SHAPE: [u64; 4] = [8, 16, 14, 14];
const BATCHES: usize = 10;
const DEPTH: usize = 4;

/// Made-up activations: half of them zero, the others small.
fn batch(number: usize) -> Vec<f32> {
    let value = |i: usize| ((i * 7919 + number * 31) % 1000) as f32 / 500.0 - 1.0;
    let elements = 0..SHAPE.iter().product::<u64>() as usize;
    elements.map(|i| value(i).max(0.0)).collect()
}

/// Some batches to the device and back.
pub fn offload(name: &str) -> Result<String, Box<dyn std::error::Error>> {
    let device = device::open(name)?;
    let settings = Settings {
        lanes: device.capabilities().lanes[0],
        tables: Tables::Own { all_symbols: true }, // later batches may hold what the first does not
        ..Settings::default()
    };
    let first = batch(0);
    let source = TensorSlice::new(&SHAPE, &first).ok_or("as many elements as the shape says")?;
    let plan = Plan::new(&source, &settings, &())?;
    let mut offload = Offload::new(device, plan, DEPTH)?;
    let (mut sent, mut restored, mut bytes, mut worst) = (0, 0, 0, 0f32);
    while restored < BATCHES {
        while sent < BATCHES && offload.under_way() < DEPTH {
            offload.submit(Work::Compress(batch(sent)))?;
            sent += 1;
        }
        match offload.receive()? {
            Done::Compressed(packets) => {
                bytes += packets.iter().map(Vec::len).sum::<usize>();
                offload.submit(Work::Restore(packets))?;
            }
            Done::Restored(values) => {
                let both = values.iter().zip(batch(restored));
                worst = both.fold(worst, |worst, (v, x)| worst.max((v - x).abs()));
                restored += 1;
            }
        }
    }
    Ok(format!(
        "{restored} batches in {bytes} bytes, largest error {worst:.4}"
    ))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or("software:".into());
    offload(&name).map(|told| println!("{name}: {told}"))
}
