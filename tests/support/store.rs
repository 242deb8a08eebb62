//! Where the data is when tests are run on a server (`cargo xtask test --store …`): in a database for each
//! folder that it would lie in otherwise.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;

use remote_store::{Address, Engine};

/// The address of the server, up to the name of a database.
const SERVER: &str = "TEST_STORE";

/// Numbers the folders, each once.
const NUMBER: &str = "local n = redis.call('HGET', 'folders', ARGV[1]) \
    if not n then n = redis.call('HLEN', 'folders') + 1 redis.call('HSET', 'folders', ARGV[1], n) end \
    return tonumber(n)";

/// The variables of an application whose data would lie in the folder, if they are on a server.
pub(crate) fn shared(state_dir: &Path) -> Vec<(String, String)> {
    let Ok(server) = std::env::var(SERVER) else { return Vec::new() };
    variables(&match Address::parse(&server).unwrap().engine() {
        Engine::Redis => format!("{server}{}", redis_database(&server, state_dir)),
        Engine::Postgres => {
            let mut hasher = DefaultHasher::new();
            state_dir.hash(&mut hasher);
            let database = format!("t{:016x}", hasher.finish());
            store_servers::create_database(&server, &database);
            format!("{server}{database}")
        }
    })
}

/// The variables of a deployment with the store at the address.
pub fn variables(address: &str) -> Vec<(String, String)> {
    let host = Address::parse(address).unwrap().allowed_host();
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![variable("store", address), variable("store_host", &host)]
}

/// The same address at another port.
pub fn at_port(address: &str, port: u16) -> String {
    let (before, after) = address.rsplit_once(':').unwrap();
    let (_, database) = after.split_once('/').unwrap();
    format!("{before}:{port}/{database}")
}

/// The number of a database that is the folder's own.
fn redis_database(server: &str, state_dir: &Path) -> String {
    let place = server.trim_start_matches("redis://").trim_end_matches('/');
    let mut stream = TcpStream::connect(place).unwrap();
    write!(stream, "EVAL \"{NUMBER}\" 0 {}\r\n", state_dir.display()).unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    answer.trim().strip_prefix(':').expect("no number").to_owned()
}
