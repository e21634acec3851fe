//! What is bound to statements beyond plain values: lists of ids, whole batches as JSON, texts whose type the
//! column decides; and what text must be like to be stored at all.

use std::borrow::Cow;

use serde::Serialize;
use sqlx::{Database, Encode, Postgres, Sqlite, Type, encode::IsNull, error::BoxDynError};

/// A list of ids: an array on PostgreSQL (`= ANY($1)`), JSON on SQLite (`IN (SELECT value FROM json_each($1))`).
#[derive(Clone)]
pub(crate) struct Ids(pub(crate) Vec<i64>);

impl Type<Postgres> for Ids {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <Vec<i64> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Ids {
    fn encode_by_ref(
        &self,
        buffer: &mut <Postgres as Database>::ArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        <Vec<i64> as Encode<Postgres>>::encode_by_ref(&self.0, buffer)
    }
}

impl Type<Sqlite> for Ids {
    fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for Ids {
    fn encode_by_ref(
        &self,
        buffer: &mut <Sqlite as Database>::ArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        <String as Encode<Sqlite>>::encode(json(&self.0), buffer)
    }
}

/// A list of texts, bound as [`Ids`] are.
pub(crate) struct Texts(pub(crate) Vec<String>);

impl Type<Postgres> for Texts {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <Vec<String> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Texts {
    fn encode_by_ref(
        &self,
        buffer: &mut <Postgres as Database>::ArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        <Vec<String> as Encode<Postgres>>::encode_by_ref(&self.0, buffer)
    }
}

impl Type<Sqlite> for Texts {
    fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for Texts {
    fn encode_by_ref(
        &self,
        buffer: &mut <Sqlite as Database>::ArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        <String as Encode<Sqlite>>::encode(json(&self.0), buffer)
    }
}

/// A text whose type PostgreSQL infers from the column it meets, which may be an enum of Prisma's.
pub(crate) struct Untyped<'a>(pub(crate) &'a str);

impl Type<Postgres> for Untyped<'_> {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        /// `unknown` in `pg_type`: as a parameter's type it asks the server to infer.
        const UNKNOWN: sqlx::postgres::types::Oid = sqlx::postgres::types::Oid(705);
        sqlx::postgres::PgTypeInfo::with_oid(UNKNOWN)
    }
}

impl Encode<'_, Postgres> for Untyped<'_> {
    fn encode_by_ref(
        &self,
        buffer: &mut <Postgres as Database>::ArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        <&str as Encode<Postgres>>::encode_by_ref(&self.0, buffer)
    }
}

impl Type<Sqlite> for Untyped<'_> {
    fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for Untyped<'_> {
    fn encode_by_ref(
        &self,
        buffer: &mut <Sqlite as Database>::ArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        <&str as Encode<Sqlite>>::encode_by_ref(&self.0, buffer)
    }
}

/// A batch of rows as one JSON array, which both engines unfold into rows.
pub(crate) fn json<T: Serialize + ?Sized>(rows: &T) -> String {
    serde_json::to_string(rows).expect("rows of numbers, texts and booleans are always JSON")
}

/// A text without the NULs that PostgreSQL refuses.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', ""))
    } else {
        Cow::Borrowed(text)
    }
}

/// A text that a stranger sent, cut to what a column of Prisma's may hold.
pub(crate) fn clipped(text: &str, max_chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => storable(&text[..end]),
        None => storable(text),
    }
}
