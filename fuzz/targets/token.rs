//! An access token.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::callers::token(data));
