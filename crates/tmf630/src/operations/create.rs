//! POST on the collection.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, Request, Response, StatusCode};
use kv_tree::Transaction;
use schemas::Fault;
use serde_json::Value;

use crate::context::Context;
use crate::query::{self, Fields};
use crate::request::body;
use crate::storage::catalogue::Catalogue;
use crate::storage::idempotency::{First, IdempotencyKey};
use crate::storage::index;
use crate::storage::record::{self, Document, Record};
use crate::{Error, Ports, Version, rules};

pub(crate) async fn create<P: Ports, B: http_body::Body>(
    context: &Context<'_, P>,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    let fields =
        query::fields_of_change(request.uri().query().unwrap_or_default(), context.view.version)?;
    let idempotency_key = IdempotencyKey::of(request.headers())?;
    let body = body::read_document(request).await?;
    let version = context.view.version;
    let repeatable = idempotency_key.map(|key| key.for_body(version, &body.bytes));
    let new = NewResource::of(context, body.document)?;

    let now = context.ports.now();
    let (id, record) = context
        .tree
        .transact(async |transaction| {
            if let Some(repeatable) = &repeatable
                && let Some(First { id, record }) = repeatable.first(transaction, now).await?
            {
                return Ok((id, record));
            }
            Catalogue::advance(context.definition, transaction).await?;
            new.insert(context, transaction).await?;
            if let Some(repeatable) = &repeatable {
                repeatable.remember(transaction, now, &new.id, &new.record).await?;
            }
            Ok::<_, Error>((new.id.clone(), new.record.clone()))
        })
        .await?;
    created(context, &id, &record, fields.as_ref())
}

fn created<P: Ports>(
    context: &Context<'_, P>,
    id: &str,
    record: &Record,
    fields: Option<&Fields>,
) -> Result<Response<Bytes>, Error> {
    let mut response = context.view.respond(StatusCode::CREATED, id, record, fields)?;
    let location = HeaderValue::try_from(context.view.links.href(id)).map_err(Error::internal)?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// A resource that is valid and not stored yet.
pub(crate) struct NewResource {
    pub id: String,
    /// Whether the client chose the id; one that is made here is nobody else's.
    has_chosen_id: bool,
    pub record: Record,
    document: Value,
}

impl NewResource {
    /// Completes and checks what a client sent.
    pub fn of<P: Ports>(context: &Context<'_, P>, mut document: Document) -> Result<Self, Error> {
        let Context { definition, view, ports, .. } = context;
        // A client that sends back what it received sends these too; they are the server's to set.
        document.remove("href");
        if definition.is_stamped {
            document.remove(view.version.stamp());
        }
        if view.version == Version::V4 {
            document.remove("id");
        }
        definition.name_class(&mut document);
        let class = definition.class.name();
        let mut faults: Vec<_> = set_class(class, &mut document).err().into_iter().collect();
        let has_chosen_id = document.contains_key("id");
        let id = set_id(&mut document, *ports).unwrap_or_else(|fault| {
            faults.push(fault);
            String::new()
        });
        let mut document = view.accept(document, faults, None)?;
        record::stamp(definition, &mut document, ports.now());
        let record = Record::write(&document);
        Ok(Self { id, has_chosen_id, record, document: Value::Object(document) })
    }

    /// Stores the resource, unless there is one with its id or a rule is against it. The transaction
    /// has seen to the indexes.
    pub async fn insert<P: Ports>(
        &self,
        context: &Context<'_, P>,
        transaction: &mut Transaction<P::Kv>,
    ) -> Result<(), Error> {
        let key = record::key(&self.id);
        if self.has_chosen_id && transaction.get(&key).await?.is_some() {
            return Err(Error::id_taken(&self.id));
        }
        if let Value::Object(document) = &self.document {
            rules::check_change(context, transaction, &self.id, None, document).await?;
        }
        index::update(context.definition, transaction, &self.id, None, Some(&self.document));
        transaction.put(key, self.record.to_value());
        Ok(())
    }
}

/// Sees to the document's `@type`: it is filled in where it is missing, and a class of the client's
/// own must say what it extends.
fn set_class(class: &str, document: &mut Document) -> Result<(), Fault> {
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
