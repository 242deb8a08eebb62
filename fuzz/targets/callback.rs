//! Where events are sent to.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::callbacks::callback(data));
