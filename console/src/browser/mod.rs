//! What needs a browser.

mod api;
mod dom;
mod lent;
mod pages;
mod parts;
mod router;
mod session;
mod shell;
mod start;
mod validator;
mod words;
