//! What is bound to statements beyond plain values: lists of ids, whole batches as JSON, texts whose type the
//! column decides; and what text must be like to be stored at all.

use std::borrow::Cow;

use serde::Serialize;
use sqlx::{Database, Encode, Postgres, Sqlite, Type, encode::IsNull, error::BoxDynError};

/// A list of values: an array on PostgreSQL (`= ANY($1)`), JSON on SQLite (`IN (SELECT value FROM json_each($1))`).
#[derive(Clone)]
pub(crate) struct Array<T>(Vec<T>);

impl<T> Array<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> FromIterator<T> for Array<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<T> Type<Postgres> for Array<T>
where
    Vec<T>: Type<Postgres>,
{
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <Vec<T> as Type<Postgres>>::type_info()
    }
}

impl<'q, T> Encode<'q, Postgres> for Array<T>
where
    Vec<T>: Encode<'q, Postgres>,
{
    fn encode_by_ref(
        &self,
        buffer: &mut <Postgres as Database>::ArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        <Vec<T> as Encode<Postgres>>::encode_by_ref(&self.0, buffer)
    }
}

impl<T> Type<Sqlite> for Array<T> {
    fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl<T: Serialize> Encode<'_, Sqlite> for Array<T> {
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
