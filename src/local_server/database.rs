//! A database for a program that anybody may start.

use std::env;
use std::fmt;

use super::LocalServer;
use crate::Result;
use crate::conninfo::ConnInfo;

/// The environment variable that names a database.
const VARIABLE: &str = "DATABASE_URL";

/// The database that `DATABASE_URL` names, else one on a private server that ends with this value.
///
/// # Example
///
/// ```
/// use planwright::local_server::Database;
/// use planwright::{Store, StoreOptions};
///
/// let database = Database::from_env()?;
/// let store = Store::connect(database.url(), &StoreOptions::default())?;
/// # Ok::<(), planwright::Error>(())
/// ```
#[must_use = "a private server ends with this value"]
pub struct Database {
    url: String,
    server: Option<LocalServer>,
}

impl Database {
    /// Reads `DATABASE_URL`. Where it is not set, or empty, starts a server.
    ///
    /// # Errors
    ///
    /// Those of [`LocalServer::start`].
    pub fn from_env() -> Result<Self> {
        Self::new(env::var(VARIABLE).ok())
    }

    fn new(named: Option<String>) -> Result<Self> {
        if let Some(url) = named.filter(|url| !url.is_empty()) {
            return Ok(Self { url, server: None });
        }
        let server = LocalServer::start()?;
        Ok(Self { url: server.url("postgres"), server: Some(server) })
    }

    /// Its libpq URL, which may hold a password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The private server, unless the database was named.
    pub fn server(&self) -> Option<&LocalServer> {
        self.server.as_ref()
    }
}

/// Without the password.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("url", &ConnInfo::new(&self.url))
            .field("server", &self.server)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_database_is_taken_and_its_password_is_not_shown() {
        let named = Database::new(Some("postgres://u:s3cret@h/db".to_owned())).unwrap();
        assert_eq!(named.url(), "postgres://u:s3cret@h/db");
        assert!(named.server().is_none());
        assert!(!format!("{named:?}").contains("s3cret"), "{named:?}");
    }

    #[test]
    fn without_a_name_there_is_a_private_one() {
        for unnamed in [None, Some(String::new())] {
            let database = Database::new(unnamed).unwrap();
            assert_eq!(database.url(), database.server().unwrap().url("postgres"));
        }
    }
}
