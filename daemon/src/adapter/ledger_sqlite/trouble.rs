//! How SQLite fails, sorted into what passes and what needs a person.
//!
//! Codes: <https://www.sqlite.org/rescode.html>. The low byte is the kind, the
//! rest says more.

use crate::port::fault::Fault;

const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NOMEM: i32 = 7;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const NOTADB: i32 = 26;
/// The file system itself says that the file is damaged.
const IOERR_CORRUPTFS: i32 = 8458;

/// Sorts an error of the database.
pub(super) fn fault(error: sqlx::Error) -> Fault {
    match &error {
        sqlx::Error::Database(inner) => {
            let code = inner.code().and_then(|code| code.parse().ok());
            by_code(code.unwrap_or_default(), inner.message())
        }
        sqlx::Error::PoolTimedOut => Fault::Fleeting(
            "the ledger is busy: no connection became free in time; it is tried again".to_owned(),
        ),
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => Fault::Fleeting(error.to_string()),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => damaged(error),
        _ => Fault::Final(format!(
            "{error}; this is a fault of the program, please report it"
        )),
    }
}

fn by_code(code: i32, message: &str) -> Fault {
    if code == IOERR_CORRUPTFS {
        return damaged(message);
    }
    match code & 0xff {
        BUSY | LOCKED => Fault::Fleeting(format!(
            "another program is writing to the ledger ({message}); close it if it is a database \
             tool; it is tried again"
        )),
        FULL => Fault::Fleeting(format!(
            "the disk that holds the ledger is full ({message}); free some space there; it is \
             tried again, nothing is lost"
        )),
        NOMEM | IOERR | CANTOPEN => Fault::Fleeting(format!(
            "the ledger cannot be read or written just now ({message}, code {code}); look at the \
             disk that holds it; it is tried again"
        )),
        CORRUPT | NOTADB => damaged(message),
        _ => Fault::Final(format!("{message} (code {code})")),
    }
}

/// Something stands in the ledger that this program cannot have written.
pub(super) fn damaged(what: impl std::fmt::Display) -> Fault {
    Fault::Final(format!(
        "the ledger is damaged: {what}; stop the program, keep all its files as they are, and \
         restore the ledger from a backup"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_tried_again_and_damage_is_not() {
        for (code, fleeting) in [
            (5, true),
            (517, true),
            (6, true),
            (13, true),
            (10, true),
            (1034, true),
            (8458, false),
            (11, false),
            (267, false),
            (26, false),
            (8, false),
            (19, false),
        ] {
            let found = matches!(by_code(code, "why"), Fault::Fleeting(_));
            assert_eq!(found, fleeting, "code {code}");
        }
    }
}
