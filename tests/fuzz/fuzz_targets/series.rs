//! `unbroken.series/1`: what is read can be written and reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unbroken_probes::time_series::{SCHEMA, TimeSeries};

fuzz_target!(|bytes: &[u8]| {
    let mut headed = format!("{SCHEMA}\n").into_bytes();
    headed.extend_from_slice(bytes);
    if let Ok(series) = TimeSeries::read(&headed) {
        let again = series.clone().write(usize::MAX);
        assert_eq!(TimeSeries::read(&again), Ok(series));
    }
});
