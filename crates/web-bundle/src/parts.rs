//! Taking parts out of a library.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use wasm_encoder::{Module, RawSection};
use wasm_split_cli_support::{Options, transform};
use wasmparser::{Parser, Payload};

/// The module of JavaScript that fetches parts.
const LOADER: &str = "./parts.js";

/// Writes the parts of a library and what loads them into `folder`; the answer is the rest of it, which
/// wasm-bindgen has to see.
pub fn take_out(library: &[u8], name: &str, folder: &Path) -> anyhow::Result<Vec<u8>> {
    let (main, script) = (folder.join("main.wasm"), format!("./{name}.js"));
    let mut options = Options::new(library);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.link_name = LOADER;
    options.main_module = &script;
    let made = transform(options).map_err(|error| anyhow!("{error:#}"))?;
    for part in made.split_modules {
        let module = fs::read(&part).with_context(|| format!("{}", part.display()))?;
        fs::write(&part, without_names(&module)?).with_context(|| format!("{}", part.display()))?;
    }
    let rest = fs::read(&main).with_context(|| format!("{}", main.display()))?;
    fs::remove_file(&main).with_context(|| format!("{}", main.display()))?;
    Ok(rest)
}

/// A module without its custom sections, which tell the names of functions, and nothing that runs.
fn without_names(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut rest = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let (false, Some((id, range))) =
            (matches!(payload, Payload::CustomSection(_)), payload.as_section())
        {
            let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
            let data = module.get(range).context("a section ends behind the module")?;
            rest.section(&RawSection { id, data });
        }
    }
    Ok(rest.finish())
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CodeSection, CustomSection, Function, FunctionSection, TypeSection};

    use super::*;

    /// A module that has a function; if it is named, with custom sections before and behind that.
    fn module(is_named: bool) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut body = Function::new([]);
        body.instructions().end();
        let mut code = CodeSection::new();
        code.function(&body);
        let custom = |name| CustomSection { name, data: b"rustc".into() };
        let mut module = Module::new();
        if is_named {
            module.section(&custom("producers".into()));
        }
        module.section(&types).section(&functions).section(&code);
        if is_named {
            module.section(&custom("name".into()));
        }
        module.finish()
    }

    #[test]
    fn all_but_custom_sections_stays_as_it_is() {
        assert_ne!(module(true), module(false));
        for is_named in [true, false] {
            assert_eq!(without_names(&module(is_named)).unwrap(), module(false), "{is_named}");
        }
    }

    #[test]
    fn a_truncated_module_is_an_error() {
        for module in [module(true), module(false)] {
            let (_, truncated) = module.split_last().unwrap();
            assert!(without_names(truncated).is_err());
            // Some beginnings are modules too; none of them is a panic.
            for length in 0..truncated.len() {
                drop(without_names(&truncated[..length]));
            }
        }
    }
}
