//! Writes the data that tests of later versions are going to read, and what is answered about it, to the
//! files that are called as it is told, with `.store` and `.json` behind. Data that is there stays.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/kept/mod.rs"]
mod kept;

use std::error::Error;
use std::fs;

use kv_tree::testing::text::to_text;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), None) = (arguments.next(), arguments.next()) else {
        return Err(
            "one argument is needed: the path of the files, without .store and .json".into()
        );
    };
    let (store, answers) = (format!("{name}.store"), format!("{name}.json"));
    if !fs::exists(&store)? {
        fs::write(&store, to_text(&kept::write().contents()))?;
    }
    let memory = kept::read(&fs::read_to_string(&store)?);
    Ok(fs::write(answers, format!("{:#}\n", kept::answers(&memory)))?)
}
