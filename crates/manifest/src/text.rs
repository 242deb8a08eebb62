//! The manifest as it is written.

use std::fmt::Write;

use tmf630::events::settings::HOSTS;
use tmf630::model::variable::Variable;

use crate::components::{self, Component, JWKS_HOST, STORE_HOST};

const HEAD: &str = r#"#:schema https://schemas.spinframework.dev/spin/manifest-v2/latest.json

# Written by `cargo xtask manifest`.

spin_manifest_version = 2

[application]
name = "account-and-bill-management"
version = "0.1.0"
description = "TM Forum Account Management (TMF666) and Customer Bill Management (TMF678) APIs"

[variables]
"#;

/// The text of `spin.toml`.
pub fn manifest() -> String {
    let mut text = HEAD.to_owned();
    for variable in components::variables() {
        let Variable { name, default, description, is_secret, .. } = variable;
        let secret = if *is_secret { ", secret = true" } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(text, "# {description}\n{name} = {{ default = {default:?}{secret} }}");
    }
    components::all().iter().for_each(|component| write_component(component, &mut text));
    text
}

fn write_component(component: &Component, text: &mut String) {
    let Component { name, routes, variables, has_store, asks_issuers, sources } = component;
    for route in routes {
        let _ = write!(text, "\n[[trigger.http]]\nroute = {route:?}\ncomponent = {name:?}\n");
    }
    let file = name.replace('-', "_");
    let _ = write!(
        text,
        "\n[component.{name}]\nsource = \"target/wasm32-wasip2/release/{file}.wasm\"\n"
    );
    if *has_store {
        text.push_str("key_value_stores = [\"default\"]\n");
    }
    let of_events = variables.iter().filter(|it| it.name.starts_with(HOSTS.name));
    let own = [has_store.then_some(&STORE_HOST), asks_issuers.then_some(&JWKS_HOST)];
    let hosts = own.into_iter().flatten().chain(of_events.copied());
    let hosts: Vec<_> = hosts.map(|variable| format!("{{{{ {} }}}}", variable.name)).collect();
    if !hosts.is_empty() {
        let _ = writeln!(text, "allowed_outbound_hosts = {hosts:?}");
    }
    if !variables.is_empty() {
        let _ = write!(text, "\n[component.{name}.variables]\n");
    }
    for variable in variables {
        let _ = writeln!(text, "{0} = \"{{{{ {0} }}}}\"", variable.name);
    }
    let own = format!("functions/{name}/**/*.rs");
    let watched: Vec<_> = sources.iter().copied().chain([&own[..]]).collect();
    let _ = write!(
        text,
        "\n[component.{name}.build]\n\
         command = \"cargo build --target wasm32-wasip2 --release -p {name}\"\n\
         watch = {watched:?}\n"
    );
}
