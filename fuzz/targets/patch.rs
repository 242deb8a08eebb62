//! The body of a PATCH.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::api::patch(data));
