//! Writes the store that tests of later versions are going to read, to the file that it is given.

#[path = "../tests/formats/mod.rs"]
mod formats;

use std::error::Error;

use kv_tree::Memory;
use kv_tree::testing::text::to_text;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(file), None) = (arguments.next(), arguments.next()) else {
        return Err("one argument is needed: the file that is to be written".into());
    };
    let memory = Memory::default();
    pollster::block_on(formats::write(&memory))?;
    Ok(std::fs::write(file, to_text(&memory.contents()))?)
}
