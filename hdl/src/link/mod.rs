//! The board's end of the serial link (`docs/src/link.md`), and the core behind it: `dqa_uart`.
//!
//! ```text
//! rx -> receiver -> COBS decoder -> frame receiver -> channel rings -> bridges -> dqa_core
//!                                        |                                           |
//!                                   link control                                     |
//!                                        |                                           |
//! tx <- transmitter <- COBS encoder <- frame sender <- output ring <-- bridges <-----+
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`baud_ticks`] | eight ticks a bit, for both directions |
//! | [`uart_receiver`], [`uart_transmitter`] | bytes from and to the wire, 8-N-1 |
//! | [`cobs_decoder`], [`cobs_encoder`] | frames from and to bytes without 0x00 in them |
//! | [`frame_receiver`] | a frame's header, its data, and whether it is intact |
//! | [`channel_ring`] | data of a channel, kept only once its frame is found good |
//! | [`link_control`] | sessions, sequence numbers, what goes out next |
//! | [`output_ring`] | cuts what the core gives into frames, kept until they are acknowledged |
//! | [`frame_sender`] | the bytes of a frame |
//! | [`uart_link`] | all that, with byte streams for the channels |
//! | [`register_bridge`], [`packet_input`], [`packet_output`] | from the channels to the core's ports |
//! | [`no_channel`] | what stands there where a path is left out |
//! | [`uart_port`] | the link with these: all but the core |
//! | [`uart_core`] | the core `dqa_uart`: that and `dqa_core` |

pub mod baud_ticks;
pub mod channel_ring;
pub mod cobs_decoder;
pub mod cobs_encoder;
pub mod frame_receiver;
pub mod frame_sender;
pub mod link_control;
pub mod no_channel;
pub mod output_ring;
pub mod packet_input;
pub mod packet_output;
pub mod register_bridge;
pub mod uart_core;
pub mod uart_link;
pub mod uart_port;
pub mod uart_receiver;
pub mod uart_transmitter;
