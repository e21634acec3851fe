//! What the data of each kind of packet must look like. Checked on the text, in one pass that builds
//! nothing: a body of a megabyte of `[[[[` costs no memory here.

use serde_json::value::RawValue;

use super::{Kind, event};
use crate::Error;

/// The data without the white space around it, or `None` if the packet may and does come without.
pub(super) fn check(kind: Kind, text: &str) -> Result<Option<&str>, Error> {
    if text.is_empty() {
        return match kind {
            Kind::Connect | Kind::Disconnect => Ok(None),
            _ => Err(Error::MissingData(kind.as_str())),
        };
    }
    if kind == Kind::Disconnect {
        return Err(Error::UnexpectedData(kind.as_str()));
    }
    let data: &RawValue = serde_json::from_str(text).map_err(|_| Error::InvalidJson)?;
    let data = data.get();
    let fits = match kind {
        Kind::Connect => data.starts_with('{'),
        Kind::ConnectError => data.starts_with(['{', '"']),
        _ => data.starts_with('['),
    };
    if !fits {
        return Err(Error::WrongShape(kind.as_str()));
    }
    if matches!(kind, Kind::Event | Kind::BinaryEvent) {
        event::split(data)?;
    }
    Ok(Some(data))
}
