//! POST on the collection.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, Request, Response, StatusCode};
use kv_tree::{Kv, Tree};
use schemas::Fault;
use serde_json::Value;

use crate::record::{self, Document, Record};
use crate::route::Links;
use crate::{Definition, Error, Ports, body, query};

pub(crate) async fn create<K: Kv, P: Ports, B: http_body::Body>(
    definition: &Definition,
    tree: &Tree<K>,
    ports: &P,
    links: &Links,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    query::expect_none(request.uri())?;
    let mut document = body::read_document(request).await?;
    // A client that sends back what it received sends these too; they are the server's to set.
    document.remove("href");
    document.remove("lastUpdate");

    let mut faults = set_class(definition, &mut document).err().into_iter().collect::<Vec<_>>();
    let id = match set_id(&mut document, ports) {
        Ok(id) => id,
        Err(fault) => {
            faults.push(fault);
            String::new()
        }
    };
    record::stamp(&mut document, ports.now());
    let document = record::validated(definition, document, faults)?;

    let record = Record::write(&document);
    let key = record::key(&id);
    tree.transact(async |transaction| {
        if transaction.get(&key).await?.is_some() {
            return Err(Error::id_taken(&id));
        }
        transaction.put(key.clone(), record.clone().into_value());
        Ok(())
    })
    .await?;

    let mut response = record.respond(StatusCode::CREATED, links, &id);
    let location = HeaderValue::try_from(links.href(&id)).map_err(Error::internal)?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// Sees to the document's `@type`: it is filled in where it is missing, and a class of the client's
/// own must say what it extends.
fn set_class(definition: &Definition, document: &mut Document) -> Result<(), Fault> {
    let class = definition.schema.type_name();
    match document.get("@type") {
        None => {
            document.insert("@type".into(), class.into());
            Ok(())
        }
        Some(Value::String(given)) if given != class && !document.contains_key("@baseType") => Err(
            Fault::new("/@type", format!("must be {class}, or @baseType must say what it extends")),
        ),
        // What is no string is the schema's to refuse.
        Some(_) => Ok(()),
    }
}

/// The id that the client chose, or else a new one, which is put into the document.
fn set_id<P: Ports>(document: &mut Document, ports: &P) -> Result<String, Fault> {
    match document.get("id") {
        None => {
            let id = ports.new_id().to_string();
            document.insert("id".into(), id.clone().into());
            Ok(id)
        }
        Some(Value::String(id)) if is_id(id) => Ok(id.clone()),
        Some(_) => Err(Fault::new(
            "/id",
            "must be a string of 1 to 128 characters of A-Z a-z 0-9 - . _ ~ : and not . or ..",
        )),
    }
}

/// Whether `id` can stand in a path as it is, and will not be taken for a step of it.
fn is_id(id: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | ':');
    (1..=128).contains(&id.len()) && id.chars().all(allowed) && !matches!(id, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_can_stand_in_a_path() {
        for id in ["1", "a-b.c_d~e:f", "...", &"x".repeat(128)] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", ".", "..", "a/b", "a b", "a?b", "a%20b", "ä", &"x".repeat(129)] {
            assert!(!is_id(id), "{id}");
        }
    }
}
