//! The key that signs access tokens, when nobody gave one: 32 random bytes, written as 64 hexadecimal
//! digits in `jwt-secret` in the data folder with mode 0600. Every command of this machine reads the same
//! file, so a token from `atalaya token` is as good as one from the login.

use std::{
    fmt::Write as _,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use atalaya_server::config::Secret;
use rand::{TryRngCore, rngs::OsRng};

/// HS256 wants a key as long as its digest (RFC 7518, 3.2).
const ENOUGH_BYTES: usize = 32;

/// The kept secret; made when it is not there yet.
pub fn load_or_create(data_dir: &Path) -> Result<Secret> {
    let path = data_dir.join("jwt-secret");
    if let Some(secret) = load(&path)? {
        return Ok(secret);
    }
    make_folder(data_dir)?;
    create(&path)
        .with_context(|| format!("could not keep a generated secret in {}", path.display()))?;
    load(&path)?.with_context(|| format!("{} vanished right after it was made", path.display()))
}

/// The folder of the database and the secret, for this user's eyes only.
pub fn make_folder(data_dir: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)
        .with_context(|| format!("could not make the data folder {}", data_dir.display()))
}

/// What to say of a secret that works but is easy to guess.
pub fn advice(secret: &Secret) -> Option<String> {
    let bytes = secret.expose().len();
    (bytes < ENOUGH_BYTES).then(|| {
        format!(
            "JWT_SECRET has {bytes} bytes; with fewer than {ENOUGH_BYTES} it can be guessed from a token, \
             make one with: openssl rand -hex 32"
        )
    })
}

fn load(path: &Path) -> Result<Option<Secret>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("could not read the secret in {}", path.display()));
        }
    };
    let secret = text.trim();
    ensure!(
        !secret.is_empty(),
        "the secret in {} is empty; remove the file to have one generated",
        path.display()
    );
    warn_if_open(path);
    Ok(Some(Secret::new(secret)))
}

fn warn_if_open(path: &Path) {
    let mode = fs::metadata(path).map_or(0, |about| about.permissions().mode());
    if mode & 0o077 != 0 {
        tracing::warn!(
            "the secret in {} can be read by others (mode {:03o}); mend it with: chmod 600 {}",
            path.display(),
            mode & 0o777,
            path.display()
        );
    }
}

/// Written aside and then linked into place: whoever reads the path sees a whole secret or none, and of
/// two processes that start at once, both end up with the first one's.
fn create(path: &Path) -> io::Result<()> {
    let secret = generate()?;
    let aside = path.with_extension(format!("new-{}", &generate()?[..16]));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside)?;
    let written = file
        .write_all(secret.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&aside, path));
    fs::remove_file(&aside)?;
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn generate() -> io::Result<String> {
    let mut bytes = [0u8; ENOUGH_BYTES];
    OsRng.try_fill_bytes(&mut bytes).map_err(io::Error::other)?;
    let mut text = String::with_capacity(2 * ENOUGH_BYTES + 1);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_for_this_user_alone() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let first = load_or_create(&data).unwrap();
        assert_eq!(first.expose().len(), 64);
        assert_eq!(load_or_create(&data).unwrap(), first);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&data.join("jwt-secret")), 0o600);
        assert_eq!(mode(&data), 0o700);
        assert_eq!(
            fs::read_dir(&data).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn processes_that_start_together_share_one_secret() {
        let dir = tempfile::tempdir().unwrap();
        let secrets: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| load_or_create(dir.path()).unwrap()))
                .collect();
            starts
                .into_iter()
                .map(|start| start.join().unwrap())
                .collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
    }

    #[test]
    fn an_empty_file_is_no_secret() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("jwt-secret"), "\n").unwrap();
        let error = load_or_create(dir.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("is empty; remove the file to have one generated"),
            "{error}"
        );
    }

    #[test]
    fn a_short_secret_is_only_advised_against() {
        assert!(advice(&Secret::new("short")).unwrap().contains("5 bytes"));
        assert_eq!(advice(&Secret::new("x".repeat(32))), None);
    }
}
