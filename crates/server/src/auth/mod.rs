//! Who is asking: access tokens, passwords, and the brake on guessing them.
//!
//! Nothing here reads a clock (`now` is an argument) or the database (callers load the user). The HTTP API
//! and the sockets share [`Tokens`]; the command line shares [`Passwords`].

mod jwt;
mod login_throttle;
mod password;

pub use jwt::{Claims, Minted, TokenError, Tokens};
pub use login_throttle::LoginThrottle;
pub use password::{PasswordError, Passwords, check_policy};
