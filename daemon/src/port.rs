//! What we need from the world, not what a vendor offers. Every port has a
//! contract in its documentation and a contract test that runs against each of
//! its adapters.

pub mod clock;
pub mod digest;
pub mod fault;
pub mod ledger;
pub mod prober;
pub mod share;
pub mod store;
