//! What a deployment says of issuers.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::callers::issuers(data));
