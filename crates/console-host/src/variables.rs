//! What a deployment chooses of the console.

use tmf630::model::variable::Variable;
pub use tmf630::settings::CONSOLE;
use tmf630::settings::{AUTH, JWT_ISSUERS, TENANT};

/// Where people sign in.
pub const ISSUER: Variable = Variable {
    name: "console_issuer",
    default: "",
    choices: &[],
    description: "Where the users of the console sign in: the issuer, as OpenID Connect has it. Empty: they bring a token.",
    is_secret: false,
};

/// What the console is called there.
pub const CLIENT_ID: Variable = Variable {
    name: "console_client_id",
    default: "",
    choices: &[],
    description: "What the issuer calls the console: the id of a public client with PKCE.",
    is_secret: false,
};

/// What it asks for there.
pub const SCOPE: Variable = Variable {
    name: "console_scope",
    default: "openid",
    choices: &[],
    description: "The scopes that the console asks the issuer for, with blanks between them.",
    is_secret: false,
};

/// Further hosts that the page may ask.
pub const HOSTS: Variable = Variable {
    name: "console_hosts",
    default: "",
    choices: &[],
    description: "Where else the issuer answers, such as https://tokens.example.com, with blanks between them.",
    is_secret: false,
};

/// All that the component is told.
pub const VARIABLES: &[Variable] =
    &[CONSOLE, AUTH, TENANT, JWT_ISSUERS, ISSUER, CLIENT_ID, SCOPE, HOSTS];
