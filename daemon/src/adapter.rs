//! The world behind the ports: file systems, S3, SQLite, child processes, the
//! system's clock. Only `main` and tests choose among them.

pub mod case_lists;
pub mod digester;
pub mod ledger_sqlite;
pub mod os_clock;
pub mod prober_child;
pub mod share_directory;
pub mod store_directory;
pub mod store_doctor;
pub mod store_s3;
