//! `/console/`: what people look at.

function::serve_console!(&include!(concat!(env!("OUT_DIR"), "/files.rs")));
