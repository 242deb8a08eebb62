//! Damaged data of a tree.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::tree::damaged_tree(data));
