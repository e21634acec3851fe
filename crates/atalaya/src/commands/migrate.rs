//! `atalaya migrate`: bring the tables up to this version, and say what was done.

use anyhow::Result;
use atalaya_store::{Migration, OpenOptions, Store};
use serde_json::json;

use super::database::{explain, shown};
use crate::{
    config::Settings,
    output::{Paint, Style},
};

pub async fn run(settings: &Settings, style: Style) -> Result<()> {
    let url = settings.database_url();
    let migrated = async {
        let store = Store::open(url.expose(), OpenOptions::default()).await?;
        let migration = store.migrate().await?;
        store.close().await;
        Ok(migration)
    };
    let migration = migrated
        .await
        .map_err(|error| explain("migrating the database", &error, url))?;
    let value = json!({
        "database": shown(url),
        "applied": migration.applied,
        "adopted": migration.adopted,
        "notes": migration.notes,
    });
    style.print(&value, |paint| in_words(&migration, &shown(url), paint))?;
    Ok(())
}

fn in_words(migration: &Migration, database: &str, paint: Paint) -> String {
    if migration.applied.is_empty() && migration.adopted.is_empty() {
        return format!("{database} is up to date\n");
    }
    let mut text = format!("{database} is now up to date\n");
    for name in &migration.applied {
        text.push_str(&format!("  {}  {name}\n", paint.dim("applied")));
    }
    for column in &migration.adopted {
        text.push_str(&format!(
            "  {}  {column}, a column added to your table\n",
            paint.dim("adopted")
        ));
    }
    for note in &migration.notes {
        text.push_str(&format!("  {}     {note}\n", paint.dim("note")));
    }
    text
}
