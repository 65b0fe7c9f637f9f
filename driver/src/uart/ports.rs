//! Serial ports by name, and which there are.

use std::fmt;
use std::io::ErrorKind;

use serialport::{SerialPortInfo, SerialPortType};

use super::BAUD;
use crate::card::{LinkError, opened};

/// A port and its baud rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortName {
    /// As the system calls it.
    pub path: String,
    /// Bits a second.
    pub baud: u32,
}

impl PortName {
    /// From `path` or `path@baud`.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let (path, baud) = match text.rsplit_once('@') {
            None => (text, Ok(BAUD)),
            Some((path, baud)) => (path, baud.parse()),
        };
        let path = path.to_owned();
        match baud {
            Ok(baud @ 1..) => Ok(Self { path, baud }),
            _ => Err(LinkError::Absent {
                name: format!("uart:{text}"),
                remedy: "behind @ goes the baud rate, a number: uart:/dev/ttyUSB1@3000000".into(),
            }),
        }
    }

    /// Opens it, for this program alone.
    pub(super) fn open(&self) -> Result<Box<dyn serialport::SerialPort>, LinkError> {
        opened(|| self.open_once())
    }

    fn open_once(&self) -> Result<Box<dyn serialport::SerialPort>, LinkError> {
        let port = serialport::new(&self.path, self.baud)
            .timeout(super::wire::WRITE)
            .open();
        let name = self.to_string();
        port.map_err(|error| match error.kind() {
            serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => LinkError::Permission {
                name,
                remedy: "join the group that may use serial ports, then log in again: \
                         sudo usermod -aG dialout $USER"
                    .into(),
            },
            // The lock of another program.
            _ if ["exclusive", "busy"]
                .iter()
                .any(|word| error.description.contains(word)) =>
            {
                LinkError::Busy { name }
            }
            serialport::ErrorKind::NoDevice | serialport::ErrorKind::Io(ErrorKind::NotFound) => {
                LinkError::Absent {
                    name,
                    remedy: "plug the board in; dqa devices lists the ports".into(),
                }
            }
            _ => LinkError::Failed {
                name,
                what: "opening the port".into(),
                reason: error.description,
                remedy: "is it a serial port, and does it know this baud rate?".into(),
            },
        })
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uart:{}", self.path)?;
        match self.baud {
            BAUD => Ok(()),
            baud => write!(f, "@{baud}"),
        }
    }
}

/// A port that there is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Found {
    /// As the system calls it.
    pub path: String,
    /// What is plugged in, as far as it tells.
    pub device: Option<String>,
}

/// The serial ports of this machine.
///
/// # Errors
///
/// When the system does not tell.
pub fn ports() -> Result<Vec<Found>, LinkError> {
    let ports = serialport::available_ports().map_err(|error| LinkError::Failed {
        name: "uart:".into(),
        what: "listing the serial ports".into(),
        reason: error.description,
        remedy: "name the port yourself: uart:/dev/ttyUSB1".into(),
    })?;
    Ok(ports.into_iter().map(found).collect())
}

fn found(port: SerialPortInfo) -> Found {
    let device = match port.port_type {
        SerialPortType::UsbPort(usb) => {
            let names = [usb.manufacturer, usb.product];
            let names: Vec<_> = names.into_iter().flatten().collect();
            Some(match names.is_empty() {
                true => format!("USB {:04x}:{:04x}", usb.vid, usb.pid),
                false => names.join(" "),
            })
        }
        _ => None,
    };
    Found {
        path: port.port_name,
        device,
    }
}

#[cfg(test)]
mod tests {
    use serialport::{SerialPort, TTYPort};

    use super::*;

    #[test]
    fn names_with_and_without_a_rate() {
        let name = PortName::parse("/dev/ttyUSB1").unwrap();
        assert_eq!((name.path.as_str(), name.baud), ("/dev/ttyUSB1", BAUD));
        assert_eq!(name.to_string(), "uart:/dev/ttyUSB1");
        let name = PortName::parse("/dev/pts/3@115200").unwrap();
        assert_eq!(name.to_string(), "uart:/dev/pts/3@115200");
        assert!(PortName::parse("/dev/pts/3@fast").is_err());
        assert!(PortName::parse("/dev/pts/3@0").is_err());
    }

    /// Programs that are begun while a port is open have its lock for as long as that takes.
    #[test]
    fn a_port_is_opened_while_programs_begin() {
        let (_board, end) = TTYPort::pair().unwrap();
        let name = PortName::parse(&end.name().unwrap()).unwrap();
        drop(end);
        let programs = std::thread::spawn(|| {
            for _ in 0..300 {
                let mut program = std::process::Command::new("true").spawn().unwrap();
                program.wait().unwrap();
            }
        });
        let mut opened = 0;
        while !programs.is_finished() {
            name.open().unwrap();
            opened += 1;
        }
        programs.join().unwrap();
        assert!(opened > 0);
    }

    #[test]
    fn a_port_that_is_not_there() {
        let name = PortName::parse("/dev/ttyNoSuchPort").unwrap();
        let error = name.open().err();
        assert!(matches!(error, Some(LinkError::Absent { .. })), "{error:?}");
    }
}
