//! The order of words, implemented a second time from its definition alone.
//!
//! The definition (`docs/src/format.md`): words 0 of all lanes, words 1 of all lanes, then after
//! each beat one word of every lane that has reached or passed the end of a word in that beat,
//! lane 0 first. Codes are canonical: numbered by (length, symbol).

use std::collections::{HashMap, VecDeque};

use dqa_golden::channel::Class;
use dqa_golden::context::{Context, Scale};
use dqa_golden::payload::encode;
use dqa_golden::symbol::Mode;
use dqa_tests::strategies::{Planes, planes};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_decoder_written_from_the_definition_follows(planes in planes()) {
        let Planes { context, run, samples } = &planes;
        let encoded = encode(context, run, samples).unwrap();
        let mut lanes = Lanes::new(context, &encoded.payload);
        let (len, padded) = (context.plane_len(), context.padded_plane());
        for (row, plane) in run.rows().zip(samples.chunks(padded)) {
            let mut entry = context.channels()[row];
            if entry.class == Class::Pruned {
                continue;
            }
            if let Scale::Dynamic { policy } = context.parts().scale {
                let range = u16::try_from(lanes.number(0, 16)).unwrap();
                let largest = plane[..len].iter().map(|&x| policy.magnitude(x)).max();
                prop_assert_eq!(Some(range), largest);
                lanes.end_beat();
                entry = policy.entry(entry.class, context.format().bits(), range);
            }
            let code = Code::new(context, entry.class);
            for beat in plane[..len].chunks(lanes.count) {
                for (lane, &x) in beat.iter().enumerate() {
                    prop_assert_eq!(code.read(&mut lanes, lane), entry.quantize(context.format(), x));
                }
                lanes.end_beat();
            }
        }
        lanes.assert_ended()?;
        let words: usize = lanes.read.iter().map(|bits| bits / lanes.width + 2).sum();
        prop_assert_eq!(encoded.payload.len() * 8, words * lanes.width);
    }
}

/// The words still to come, and the bits that each lane has at hand.
struct Lanes {
    count: usize,
    width: usize,
    words: VecDeque<VecDeque<bool>>,
    at_hand: Vec<VecDeque<bool>>,
    read: Vec<usize>,
    read_before: Vec<usize>,
}

impl Lanes {
    fn new(context: &Context, payload: &[u8]) -> Self {
        let (count, width) = (context.shape().lanes(), context.shape().word_bits());
        let word = |bytes: &[u8]| {
            let bits = |byte: &u8| {
                (0..8)
                    .rev()
                    .map(|bit| byte >> bit & 1 == 1)
                    .collect::<Vec<_>>()
            };
            bytes.iter().rev().flat_map(bits).collect()
        };
        let mut words: VecDeque<VecDeque<bool>> = payload.chunks(width / 8).map(word).collect();
        let mut at_hand: Vec<VecDeque<bool>> = words.drain(..count).collect();
        for (lane, second) in words.drain(..count).enumerate() {
            at_hand[lane].extend(second);
        }
        Self {
            count,
            width,
            words,
            at_hand,
            read: vec![0; count],
            read_before: vec![0; count],
        }
    }

    fn bit(&mut self, lane: usize) -> bool {
        self.read[lane] += 1;
        self.at_hand[lane]
            .pop_front()
            .expect("two words are at hand")
    }

    fn number(&mut self, lane: usize, bits: u32) -> u32 {
        (0..bits).fold(0, |number, _| number * 2 + u32::from(self.bit(lane)))
    }

    fn end_beat(&mut self) {
        for lane in 0..self.count {
            let crossed = self.read[lane] / self.width - self.read_before[lane] / self.width;
            assert!(crossed <= 1, "a sample has fewer bits than a word");
            if crossed == 1 {
                let word = self.words.pop_front().expect("a word for every crossing");
                self.at_hand[lane].extend(word);
            }
            self.read_before[lane] = self.read[lane];
        }
    }

    fn assert_ended(&self) -> Result<(), TestCaseError> {
        prop_assert!(self.words.is_empty(), "{} words too many", self.words.len());
        prop_assert!(
            !self.at_hand.iter().flatten().any(|&bit| bit),
            "padding is zero"
        );
        Ok(())
    }
}

/// One class's code, as a dictionary from (length, code) to symbol.
struct Code {
    symbols: HashMap<(u8, u32), u32>,
    raw_bits: u32,
    width: u32,
    signed: bool,
    paper_error_bits: Option<u32>,
}

impl Code {
    fn new(context: &Context, class: Class) -> Self {
        let format = context.format();
        let lengths = context.table(class).lengths();
        let mut order: Vec<(u8, u32)> = (0..).zip(lengths).map(|(s, &l)| (l, s)).collect();
        order.retain(|&(length, _)| length > 0 || lengths.len() == 1);
        order.sort_unstable();
        // The codes in order are the partial sums of 2^-length.
        let (mut symbols, mut sum) = (HashMap::new(), 0u32);
        for (length, symbol) in order {
            symbols.insert((length, sum >> (16 - length)), symbol);
            sum += 1 << (16 - length);
        }
        let width = format.width(class);
        let symbol_bits = lengths.len().ilog2();
        Self {
            symbols,
            raw_bits: width - symbol_bits,
            width,
            signed: format.signed(),
            paper_error_bits: (context.parts().mode == Mode::Paper).then_some(symbol_bits),
        }
    }

    fn read(&self, lanes: &mut Lanes, lane: usize) -> i32 {
        let (mut length, mut code) = (0, 0);
        let symbol = loop {
            if let Some(&symbol) = self.symbols.get(&(length, code)) {
                break symbol;
            }
            code = code * 2 + u32::from(lanes.bit(lane));
            length += 1;
        };
        let raw = lanes.number(lane, self.raw_bits);
        let pattern = match self.paper_error_bits {
            Some(m) => raw << m | symbol,
            None => symbol << self.raw_bits | raw,
        };
        let pattern = i32::try_from(pattern).unwrap();
        if self.signed && pattern >> (self.width - 1) == 1 {
            pattern - (1 << self.width)
        } else {
            pattern
        }
    }
}
