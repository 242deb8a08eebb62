//! An OpenID provider at which somebody signs in without being asked anything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::request::Request;
use crate::tokens::base64url;

/// What the console is called there.
pub const CLIENT_ID: &str = "console";

/// A provider on a port of its own, until it is dropped.
pub struct Provider {
    /// The issuer, as OpenID Connect has it.
    pub url: String,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    url: String,
    /// What is given to who signs in.
    token: Mutex<String>,
    /// The challenge and the redirect address that each code was given for.
    codes: Mutex<BTreeMap<String, (String, String)>>,
    /// What each token was given for.
    grants: Mutex<Vec<String>>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            url: url.clone(),
            token: Mutex::default(),
            codes: Mutex::default(),
            grants: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self { url, shared, accepting }
    }

    /// Gives the token to who signs in from now on.
    pub fn give(&self, token: &str) {
        token.clone_into(&mut self.shared.token.lock().unwrap());
    }

    /// For what tokens were given so far.
    pub fn grants(&self) -> Vec<String> {
        self.shared.grants.lock().unwrap().clone()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let shared = shared.clone();
        // A browser may break off.
        tokio::spawn(async move { drop(answer(stream, &shared).await) });
    }
}

/// Answers one request, and closes the connection.
async fn answer(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let (request, mut stream) = Request::read(stream).await?;
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let (status, headers, body) = match path {
        "/.well-known/openid-configuration" => (200, String::new(), shared.discovery()),
        "/authorize" => {
            (302, format!("location: {}\r\n", shared.authorize(&form(query))), json!({}))
        }
        "/token" => match shared.redeem(&form(&request.body)) {
            Ok(answer) => (200, String::new(), answer),
            Err(error) => (400, String::new(), json!({ "error": error })),
        },
        _ => (404, String::new(), json!({})),
    };
    let body = body.to_string();
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         access-control-allow-origin: *\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

type Form = BTreeMap<String, String>;

/// What a form or a query says.
fn form(text: &str) -> Form {
    reqwest::Url::parse(&format!("http://form/?{text}"))
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}

impl Shared {
    fn discovery(&self) -> Value {
        json!({
            "issuer": self.url,
            "authorization_endpoint": format!("{}/authorize", self.url),
            "token_endpoint": format!("{}/token", self.url)
        })
    }

    /// Where somebody is sent back to, with a code.
    fn authorize(&self, asked: &Form) -> String {
        assert_eq!((&asked["client_id"][..], &asked["response_type"][..]), (CLIENT_ID, "code"));
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut codes = self.codes.lock().unwrap();
        let code = format!("code-{}", codes.len());
        let (challenge, page) = (asked["code_challenge"].clone(), asked["redirect_uri"].clone());
        codes.insert(code.clone(), (challenge, page.clone()));
        let mut address = reqwest::Url::parse(&page).unwrap();
        address.query_pairs_mut().append_pair("code", &code).append_pair("state", &asked["state"]);
        address.to_string()
    }

    /// A token for a code, which works once and for who has asked for it; or for what renews one.
    fn redeem(&self, asked: &Form) -> Result<Value, &'static str> {
        match &asked["grant_type"][..] {
            "authorization_code" => {
                let code = self.codes.lock().unwrap().remove(&asked["code"]);
                let (challenge, page) = code.ok_or("invalid_grant")?;
                let verifier = Sha256::digest(&asked["code_verifier"]);
                if base64url(verifier) != challenge || page != asked["redirect_uri"] {
                    return Err("invalid_grant");
                }
            }
            "refresh_token" if asked["refresh_token"] == "renew" => {}
            _ => return Err("unsupported_grant_type"),
        }
        self.grants.lock().unwrap().push(asked["grant_type"].clone());
        Ok(json!({
            "access_token": self.token.lock().unwrap().clone(),
            "token_type": "Bearer",
            "refresh_token": "renew"
        }))
    }
}
