//! How much of the wire the whole path uses: the driver, the verilated `dqa_uart`, and between them a wire and a
//! USB bridge, in the simulation's time.

use std::sync::Arc;
use std::time::Duration;

use dqa_driver::card::Card;
use dqa_driver::transport::Transport;
use dqa_driver::uart::bridge::Bridge;
use dqa_driver::uart::{PortName, SerialLink, Timing};
use dqa_golden::context::Context;
use dqa_golden::packet::{Header, Operation, answer, plain, samples_to_bytes};
use dqa_golden::payload::PlaneRun;
use dqa_hdl::link::uart_core::Speed;
use dqa_hdl::parameters::Parameters;
use dqa_sim::layers;
use dqa_sim::uart_board::UartBoard;
use parking_lot::Mutex;

const SPEED: Speed = Speed {
    clock_hz: 24_000_000,
    baud: 3_000_000,
};
const CLOCKS_PER_BYTE: f64 = 80.0;
/// What the bridge keeps bytes of the board for.
const DELAY: Duration = Duration::from_millis(1);
/// Bytes of samples in a packet.
const PAYLOAD: usize = 4096;

/// Sends these requests in turn, `count` of them, of which the first four and the last four are not
/// measured; bytes of payload in so many of the wire's bytes.
fn usage(context: &Context, requests: &[Vec<u8>], count: usize) -> f64 {
    let parameters = Parameters {
        lanes: 1,
        ..Parameters::default()
    };
    let board = UartBoard::new(&parameters, SPEED, 1, None).expect("a model");
    let board = Arc::new(Mutex::new(board));
    let bridge = Bridge::new(Arc::clone(&board), DELAY);
    let port = PortName::parse("simulated").expect("a name");
    let link = SerialLink::over(Box::new(bridge), &port, Timing::default());
    let mut card = Card::open(link.expect("it answers")).expect("it is a core");
    card.load_context(0, context).expect("it fits");
    let contexts = [Some(context.clone())];
    let expected: Vec<_> = requests
        .iter()
        .map(|request| answer(&contexts, request).expect("right"))
        .collect();
    let (mut sent, mut got, mut begin) = (0, 0, 0);
    while got < count {
        while sent < count && card.in_flight() < card.capabilities().window {
            card.submit(requests[sent % requests.len()].clone())
                .expect("room");
            sent += 1;
        }
        let answer = plain(card.receive().expect("an answer"));
        assert!(answer.expect("sound") == expected[got % requests.len()]);
        got += 1;
        if got == 4 {
            begin = board.lock().clocks();
        }
        if got == count - 4 {
            let clocks = board.lock().clocks() - begin;
            assert_eq!(card.link().counts().sent_again, 0);
            return ((got - 4) * PAYLOAD) as f64 / (clocks as f64 / CLOCKS_PER_BYTE);
        }
    }
    unreachable!("it returns before the last answers")
}

#[test]
fn payloads_of_4_kib_fill_the_wire_both_ways() {
    let mut random = fastrand::Rng::with_seed(1);
    let context = layers::length_by_sample(1, (PAYLOAD / 2) as u32);
    let run = PlaneRun {
        first_channel: 0,
        channels: 1,
        images: 1,
    };
    let (mut encode, mut decode) = (Vec::new(), Vec::new());
    for sequence in 0..3 {
        // Each is its own symbol, and 9 to 15 have no code.
        let samples: Vec<_> = (0..run.samples(&context))
            .map(|_| random.i16(0..9))
            .collect();
        let header = Header {
            operation: Operation::Encode,
            context: 0,
            shape: context.shape(),
            run,
            plane_len: context.plane_len() as u32,
            sequence,
            payload_len: 0,
        };
        let request = header.packet(&samples_to_bytes(&samples));
        decode.push(answer(&[Some(context.clone())], &request).expect("right"));
        encode.push(request);
    }
    for (direction, requests) in [("to the board", encode), ("to the host", decode)] {
        let usage = usage(&context, &requests, 20);
        println!(
            "{direction}: payloads are {:.2} % of the wire",
            100.0 * usage
        );
        assert!(usage > 0.95, "{direction}: {usage}");
    }
}
