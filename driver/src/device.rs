//! Devices by name.

use crate::card::LinkError;
use crate::simulated::Simulated;
use crate::software::Software;
use crate::transport::Transport;
use crate::uart;
use crate::xdma;

/// Why a device could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum DeviceError {
    #[error(
        "unknown device {0:?}: this version knows software: (all cores), software:N (N threads), \
         sim: (the Verilog, simulated), uart:PATH or PATH (a board on a serial port) and xdma:N (card N on PCIe, \
         or xdma:PATH for nodes PATH_user and so on)"
    )]
    Unknown(String),
    #[error("software:{0}: give a number of threads from 1 to 1024, such as software:2")]
    Threads(String),
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// Opens a device by its URL-like name: `software:` for the codec on all cores of this machine,
/// `software:N` for N threads, `sim:` for the verilated core, `uart:/dev/ttyUSB1` or the path alone for a
/// board on a serial port, `xdma:0` for the first card on PCIe, `xdma:/path/prefix` for one whose nodes
/// begin so.
pub fn open(name: &str) -> Result<Box<dyn Transport>, DeviceError> {
    let unknown = || DeviceError::Unknown(name.to_owned());
    let (kind, rest) = name.split_once(':').unwrap_or((name, ""));
    match (kind, rest) {
        ("software", _) => {}
        ("uart", place) if !place.is_empty() => return Ok(Box::new(uart::open(place)?)),
        (path, "") if path.starts_with('/') => return Ok(Box::new(uart::open(path)?)),
        ("xdma", place) if !place.is_empty() => return Ok(Box::new(xdma::open(place)?)),
        ("sim", "") => return Ok(Box::new(Simulated::new())),
        _ => return Err(unknown()),
    }
    let threads = match rest {
        "" => std::thread::available_parallelism().map_or(1, usize::from),
        number => match number.parse() {
            Ok(threads @ 1..=1024) => threads,
            _ => return Err(DeviceError::Threads(number.to_owned())),
        },
    };
    Ok(Box::new(Software::new(threads)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(open("software:").is_ok());
        assert!(open("software").is_ok());
        assert!(open("software:2").is_ok());
        assert!(open("sim:").is_ok());
        let error = |name| open(name).err();
        assert_eq!(error("uart"), Some(DeviceError::Unknown("uart".into())));
        assert_eq!(error("software:0"), Some(DeviceError::Threads("0".into())));
        assert_eq!(error("software:x"), Some(DeviceError::Threads("x".into())));
    }
}
