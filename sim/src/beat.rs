//! What passes in one handshake.

use crate::Value;

/// The payload ports of a stream and their values; a port that is not named is 0.
///
/// Ports are named without the stream's prefix: `tdata` for `s_axis_tdata`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    fields: Vec<(String, Value)>,
}

impl Beat {
    /// All ports 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a port.
    #[must_use]
    pub fn with(mut self, port: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        match self.fields.iter_mut().find(|(name, _)| name == port) {
            Some((_, old)) => *old = value,
            None => self.fields.push((port.to_owned(), value)),
        }
        self
    }

    /// Sets `tdata`.
    #[must_use]
    pub fn data(self, value: impl Into<Value>) -> Self {
        self.with("tdata", value)
    }

    /// Sets `tlast`.
    #[must_use]
    pub fn last(self, last: bool) -> Self {
        self.with("tlast", last)
    }

    /// Sets `tuser`.
    #[must_use]
    pub fn user(self, value: impl Into<Value>) -> Self {
        self.with("tuser", value)
    }

    /// A port's value.
    pub fn get(&self, port: &str) -> Value {
        let found = self.fields.iter().find(|(name, _)| name == port);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The ports that are named, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }
}

/// `tdata` alone.
impl<T: Into<Value>> From<T> for Beat {
    fn from(tdata: T) -> Self {
        Self::new().data(tdata)
    }
}
