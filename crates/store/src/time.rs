//! How a [`Timestamp`] is stored: `TIMESTAMP(3)` in UTC on PostgreSQL, and on SQLite the text
//! `YYYY-MM-DD HH:MM:SS.mmm`, which reads well in a query by hand and sorts as it is.

use chrono::{DateTime, NaiveDateTime};
use serde::{Serialize, Serializer};
use sqlx::{
    Database, Decode, Encode, Postgres, Sqlite, Type, TypeInfo, ValueRef, encode::IsNull,
    error::BoxDynError, postgres::PgHasArrayType,
};

use crate::model::Timestamp;

/// The first and the last millisecond whose year has four digits, so that the text form always sorts.
const RANGE_MS: (i64, i64) = (-62_135_596_800_000, 253_402_300_799_999);

impl Timestamp {
    fn naive(self) -> NaiveDateTime {
        let ms = self.0.clamp(RANGE_MS.0, RANGE_MS.1);
        DateTime::from_timestamp_millis(ms)
            .expect("the range is far inside chrono's")
            .naive_utc()
    }

    /// The text form, which PostgreSQL reads as a timestamp too.
    pub(crate) fn to_text(self) -> String {
        self.naive().format("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }

    /// Reads the text form, and those of other programs: with a `T`, with fewer or more digits, with a `Z`.
    fn from_text(text: &str) -> Option<Self> {
        let plain = text.trim_end_matches('Z').replace('T', " ");
        NaiveDateTime::parse_from_str(&plain, "%Y-%m-%d %H:%M:%S%.f")
            .ok()
            .map(|time| Self(time.and_utc().timestamp_millis()))
            .or_else(|| {
                let time = DateTime::parse_from_rfc3339(text).ok()?;
                Some(Self(time.timestamp_millis()))
            })
    }
}

/// The text form: in JSON that a statement unfolds.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl Type<Postgres> for Timestamp {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <NaiveDateTime as Type<Postgres>>::type_info()
    }
}

impl PgHasArrayType for Timestamp {
    fn array_type_info() -> sqlx::postgres::PgTypeInfo {
        NaiveDateTime::array_type_info()
    }
}

impl Encode<'_, Postgres> for Timestamp {
    fn encode_by_ref(
        &self,
        buffer: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        <NaiveDateTime as Encode<Postgres>>::encode_by_ref(&self.naive(), buffer)
    }
}

impl<'r> Decode<'r, Postgres> for Timestamp {
    fn decode(value: <Postgres as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
        let time = <NaiveDateTime as Decode<Postgres>>::decode(value)?;
        Ok(Self(time.and_utc().timestamp_millis()))
    }
}

impl Type<Sqlite> for Timestamp {
    fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }

    fn compatible(info: &sqlx::sqlite::SqliteTypeInfo) -> bool {
        matches!(
            info.name(),
            "TEXT" | "DATETIME" | "INTEGER" | "NULL" | "NUMERIC"
        )
    }
}

impl Encode<'_, Sqlite> for Timestamp {
    fn encode_by_ref(
        &self,
        buffer: &mut <Sqlite as Database>::ArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        <String as Encode<Sqlite>>::encode(self.to_text(), buffer)
    }
}

impl<'r> Decode<'r, Sqlite> for Timestamp {
    fn decode(value: <Sqlite as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
        // Prisma writes times into SQLite as milliseconds since the epoch.
        if value.type_info().name() == "INTEGER" {
            return Ok(Self(<i64 as Decode<Sqlite>>::decode(value)?));
        }
        let text = <&str as Decode<Sqlite>>::decode(value)?;
        Self::from_text(text).ok_or_else(|| format!("{text:?} is not a time").into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_survives_its_text(ms in RANGE_MS.0..=RANGE_MS.1) {
            prop_assert_eq!(Timestamp::from_text(&Timestamp(ms).to_text()), Some(Timestamp(ms)));
        }

        #[test]
        fn texts_sort_as_the_times_do(a in RANGE_MS.0..=RANGE_MS.1, b in RANGE_MS.0..=RANGE_MS.1) {
            prop_assert_eq!(a.cmp(&b), Timestamp(a).to_text().cmp(&Timestamp(b).to_text()));
        }
    }

    #[test]
    fn times_that_other_programs_wrote_are_read() {
        for text in [
            "2026-03-01 10:20:30.5",
            "2026-03-01T10:20:30.500Z",
            "2026-03-01 10:20:30.500000",
            "2026-03-01T11:20:30.500+01:00",
        ] {
            assert_eq!(
                Timestamp::from_text(text),
                Some(Timestamp(1_772_360_430_500)),
                "{text}"
            );
        }
    }
}
