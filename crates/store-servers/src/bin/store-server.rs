//! Starts a server of the kind that the argument names, prints its address up to the name of a database,
//! and ends it when the standard input ends.

#![forbid(unsafe_code)]

use std::io::Read;

use store_servers::{Postgres, Redis};

fn main() {
    let until_the_end = || _ = std::io::stdin().read_to_end(&mut Vec::new());
    match std::env::args().nth(1).as_deref() {
        Some("redis") => {
            let redis = Redis::start();
            println!("redis://127.0.0.1:{}/", redis.port());
            until_the_end();
        }
        Some("postgres") => {
            let postgres = Postgres::start();
            println!("{}", postgres.address(""));
            until_the_end();
        }
        _ => panic!("the argument must be redis or postgres"),
    }
}
