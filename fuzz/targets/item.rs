//! A bill item, and the bill that is made of it.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::bills::item(data));
