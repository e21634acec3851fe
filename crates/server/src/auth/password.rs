//! Passwords: hashed with Argon2id, never on the async threads, and on half of the cores at most:
//! whoever knocks at the login must not take the time of those who are connected.

use std::sync::{Arc, LazyLock};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::{SaltString, rand_core::OsRng},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A password that a person chooses has at least this many characters.
const MIN_CHARS: usize = 10;

/// No longer than this many bytes: nobody types more, and hashing reads all of it.
const MAX_BYTES: usize = 1_024;

/// How many may wait for a core before the next is told to come back later.
const MAX_WAITING: usize = 256;

/// What an unknown user's password is checked against, so that the answer takes as long as for a known
/// one. It is the hash of nothing: salt and output were drawn at random.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Yzl2Q2pXb0pLNHJ0eFBzRg$\
                      q7n4uZ0WmLr8b3YtE1cXvKf5sDgH2jPaRo6iTzNwMkU";

/// The parameters that OWASP recommends for Argon2id: 19 MiB, two passes, one lane.
static ARGON2: LazyLock<Argon2<'static>> = LazyLock::new(|| {
    let params = Params::new(19_456, 2, 1, None).expect("constant parameters within the limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
});

/// Hashes and verifies passwords. Cheap to clone; the clones share the bound.
#[derive(Clone)]
pub struct Passwords {
    /// One permit for each core that may be busy: a hash takes 19 MiB and all of a core for some 20 ms.
    cores: Arc<Semaphore>,
    /// One permit for each caller that works or waits.
    queue: Arc<Semaphore>,
}

/// Why there is no answer about a password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("too many passwords are being checked at this moment")]
    Busy,
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// Works on as many passwords at the same moment as half of the cores can.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        Self::at_once((cores / 2).max(1))
    }

    fn at_once(at_once: usize) -> Self {
        Self {
            cores: Arc::new(Semaphore::new(at_once)),
            queue: Arc::new(Semaphore::new(at_once + MAX_WAITING)),
        }
    }

    /// The hash to keep, in PHC form with its own salt.
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = password.to_owned();
        self.work(move || {
            let salt = SaltString::generate(&mut OsRng);
            ARGON2
                .hash_password(password.as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|error| PasswordError::Failed(error.to_string()))
        })
        .await?
    }

    /// Whether `password` is the one that was hashed. Without a hash (an unknown user, or one who has no
    /// password) the answer is no, after the same work. A hash that cannot be read is an error.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, PasswordError> {
        let password = password.to_owned();
        let known = hash.is_some();
        let hash = hash.unwrap_or(NOBODY).to_owned();
        let matches = self
            .work(move || {
                let parsed = PasswordHash::new(&hash)
                    .map_err(|error| PasswordError::Failed(error.to_string()))?;
                match ARGON2.verify_password(password.as_bytes(), &parsed) {
                    Ok(()) => Ok(true),
                    Err(argon2::password_hash::Error::Password) => Ok(false),
                    Err(error) => Err(PasswordError::Failed(error.to_string())),
                }
            })
            .await??;
        Ok(known && matches)
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.queue.try_acquire().map_err(|_| PasswordError::Busy)?;
        let core = Arc::clone(&self.cores).acquire_owned().await;
        let core: OwnedSemaphorePermit = core.map_err(|_| PasswordError::Busy)?;
        tokio::task::spawn_blocking(move || {
            // Inside the job: a caller that gave up does not free a core that is still busy.
            let _core = core;
            job()
        })
        .await
        .map_err(|error| PasswordError::Failed(error.to_string()))
    }
}

/// Whether a person may choose this password; if not, what is wrong with it, in words.
pub fn check_policy(password: &str) -> Result<(), &'static str> {
    if password.chars().count() < MIN_CHARS {
        Err("a password has at least 10 characters")
    } else if password.len() > MAX_BYTES {
        Err("a password has at most 1024 bytes")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_that_was_hashed_is_accepted() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(
            passwords
                .verify("correct horse battery", Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("correct horse batterz", Some(&hash))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn without_a_hash_the_same_work_is_done_and_the_answer_is_no() {
        let passwords = Passwords::default();
        assert!(!passwords.verify("anything at all", None).await.unwrap());
        let parsed = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(
            Params::try_from(&parsed).unwrap().m_cost(),
            ARGON2.params().m_cost()
        );
        assert_eq!(parsed.hash.unwrap().len(), Params::DEFAULT_OUTPUT_LEN);
    }

    #[tokio::test]
    async fn a_hash_that_cannot_be_read_is_an_error_and_not_a_no() {
        let passwords = Passwords::default();
        assert!(
            passwords
                .verify("anything at all", Some("plain"))
                .await
                .is_err()
        );
    }

    #[tokio::test]
    async fn beyond_the_bound_the_caller_is_told_that_it_is_busy() {
        let passwords = Passwords::at_once(0);
        let full = passwords
            .queue
            .try_acquire_many(MAX_WAITING as u32)
            .unwrap();
        assert!(matches!(
            passwords.hash("x").await,
            Err(PasswordError::Busy)
        ));
        drop(full);
    }

    #[test]
    fn a_short_password_is_refused_with_the_reason() {
        assert!(check_policy("diez-letra").is_ok());
        assert!(check_policy("ñandú").unwrap_err().contains("10 characters"));
        assert!(
            check_policy(&"x".repeat(1_025))
                .unwrap_err()
                .contains("1024 bytes")
        );
    }
}
