//! The unit of work: one transaction whose `Ok` means committed.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::commit::refusal;
use crate::error::{Error, Result};
use crate::session::{Failure, Session};

/// An open transaction, lent to a closure by [`Store::write`](crate::Store::write),
/// [`Store::read`](crate::Store::read) or a [`Transaction`](crate::Transaction). Repositories
/// borrow it.
///
/// # It cannot be left behind
///
/// A repository that outlives its unit of work does not compile, what it gives out may:
///
/// ```compile_fail
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// let mut kept = None;
/// store.write(|uow| {
///     kept = Some(uow.plans());
///     Ok(())
/// })
/// # }
/// ```
///
/// ```
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// let mut kept = None;
/// store.write(|uow| {
///     kept = Some(uow.plans().find(1.into())?);
///     Ok(())
/// })
/// # }
/// ```
///
/// Nor does one that is returned from it:
///
/// ```compile_fail
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// store.write(|uow| {
///     Ok(uow.plans())
/// })?;
/// # Ok(()) }
/// ```
///
/// ```
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// store.write(|uow| {
///     uow.plans().find(1.into())
/// })?;
/// # Ok(()) }
/// ```
///
/// Nor do two of them at once, for they share one connection:
///
/// ```compile_fail
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// store.write(|uow| {
///     let mut plans = uow.plans();
///     let scenario = uow.scenarios().get(1.into())?;
///     plans.totals(scenario.id)
/// })?;
/// # Ok(()) }
/// ```
///
/// ```
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// store.write(|uow| {
///     let scenario = uow.scenarios().get(1.into())?;
///     let mut plans = uow.plans();
///     plans.totals(scenario.id)
/// })?;
/// # Ok(()) }
/// ```
pub struct UnitOfWork<'conn> {
    session: &'conn mut Session,
}

impl<'conn> UnitOfWork<'conn> {
    pub(crate) fn new(session: &'conn mut Session) -> Self {
        Self { session }
    }
}

impl UnitOfWork<'_> {
    /// The connection, for a query that no repository has.
    ///
    /// Do not begin or end transactions on it by statements; use [`savepoint`](Self::savepoint).
    /// Where one was ended, the unit ends with [`Error::ForeignTransaction`]. Do not replace its
    /// instrumentation either: retries are decided by what it notes.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.session.pg
    }

    /// The server's answer, a violated rule with the words that `sentence` has for its name in the
    /// migrations, whatever an adopted database calls it.
    pub(crate) fn explain(
        &self,
        error: impl Into<Error>,
        sentence: impl Fn(&str) -> Option<&'static str>,
    ) -> Error {
        let names = &self.session.names;
        error.into().explain(|table, constraint| sentence(names.expected(table, constraint)))
    }

    /// The same unit, lent on to a repository.
    pub(crate) fn reborrow(&mut self) -> UnitOfWork<'_> {
        UnitOfWork { session: self.session }
    }

    /// Runs a COPY. Of one that fails Diesel neither tells the reason to its instrumentation nor
    /// looks whether the connection still stands.
    pub(crate) fn copy<T>(
        &mut self,
        copy: impl FnOnce(&mut PgConnection) -> QueryResult<T>,
    ) -> Result<T> {
        let before = self.session.failures.get();
        copy(&mut self.session.pg).map_err(|error| {
            // After any other statement Diesel does look; the answer to this one says nothing.
            let _ = self.session.execute("");
            self.session.failures.reset(before.or_else(|| Some(Failure::of(&error))));
            if self.session.is_lost() {
                Error::unavailable("the connection to the database was lost", Some(error.into()))
            } else {
                Error::from(error)
            }
        })
    }

    /// Runs a part of the unit that may fail without losing what came before it.
    ///
    /// # Errors
    ///
    /// The closure's, after its part was rolled back; [`Error::Aborted`] where it returned `Ok`
    /// although a statement of it had failed.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn f(store: &planwright::Store, risky: &dyn Fn(&mut planwright::UnitOfWork<'_>) -> planwright::Result<()>) -> planwright::Result<()> {
    /// store.write(|uow| {
    ///     if let Err(error) = uow.savepoint(|uow| risky(uow)) {
    ///         eprintln!("left out: {error}");
    ///     }
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn savepoint<T, E: From<Error>>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.session.failures.get();
        AnsiTransactionManager::begin_transaction(&mut self.session.pg).map_err(Error::from)?;
        let (error, left) = match f(self) {
            Ok(value) => {
                let seen = self.session.failures.get();
                match AnsiTransactionManager::commit_transaction(&mut self.session.pg) {
                    Ok(()) => return Ok(value),
                    // Diesel has rolled back to the savepoint where the server still listens.
                    Err(error) => (E::from(refusal(error, seen)), !self.session.is_lost()),
                }
            }
            Err(error) => {
                let back = AnsiTransactionManager::rollback_transaction(&mut self.session.pg);
                (error, back.is_ok())
            }
        };
        if left {
            self.session.failures.reset(before);
        }
        Err(error)
    }
}

impl std::fmt::Debug for UnitOfWork<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnitOfWork").finish_non_exhaustive()
    }
}
