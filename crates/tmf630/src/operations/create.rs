//! POST on the collection.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, Request, Response, StatusCode};
use schemas::Fault;
use serde_json::Value;

use crate::commit::Changes;
use crate::context::Context;
use crate::model::rule::Change;
use crate::query::{self, Fields};
use crate::request::body;
use crate::request::conditional::Conditions;
use crate::storage::idempotency::{Created, IdempotencyKey, Repeatable};
use crate::storage::record::Record;
use crate::value::Document;
use crate::value::id::{ID_RULE, is_id};
use crate::{Definition, Error, Ports};

pub(crate) async fn create<P: Ports, B: http_body::Body>(
    context: &Context<'_, P>,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    let head = Head::of(context, &request)?;
    let body = body::read_document(request).await?;
    let new = NewResource::of(context, body.document)?;
    context.audit.note(&new.id);

    let repeatable = head.repeatable(context, &body.bytes);
    let first = insert(context, std::slice::from_ref(&new), repeatable.as_ref()).await?;
    let first = first.as_ref().and_then(|created| created.first());
    let (id, record) = match first {
        Some((id, record)) => {
            context.audit.note_repeated([&id[..]].into_iter());
            (&id[..], record)
        }
        None => (&new.id[..], &new.record),
    };
    created(context, id, record, head.fields.as_ref())
}

fn created<P: Ports>(
    context: &Context<'_, P>,
    id: &str,
    record: &Record,
    fields: Option<&Fields>,
) -> Result<Response<Bytes>, Error> {
    let tag = context.view.etag(record);
    let mut response = context.view.respond(StatusCode::CREATED, id, record, tag, fields)?;
    let location = HeaderValue::try_from(context.view.links.href(id)).map_err(Error::internal)?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// What a request that creates resources says beside its body.
pub(crate) struct Head {
    pub fields: Option<Fields>,
    idempotency_key: Option<IdempotencyKey>,
}

impl Head {
    pub fn of<P: Ports, B>(context: &Context<'_, P>, request: &Request<B>) -> Result<Self, Error> {
        let raw = request.uri().query().unwrap_or_default();
        let fields = query::fields_of_change(raw, context.definition, context.view.version)?;
        // The collection exists, in a state that no tag names.
        Conditions::of(request)?.check(None)?;
        Ok(Self { fields, idempotency_key: IdempotencyKey::of(request.headers())? })
    }

    /// The request with the body, if it may be sent again.
    pub fn repeatable<P: Ports>(
        &self,
        context: &Context<'_, P>,
        body: &[u8],
    ) -> Option<Repeatable> {
        let key = self.idempotency_key.as_ref()?;
        let owner = context.caller.owner();
        Some(key.for_body(context.definition.name(), context.view.version, owner, body))
    }
}

/// Stores all of the resources or none. Where the request was sent before, nothing happens, and what
/// it created then is the answer.
pub(crate) async fn insert<P: Ports>(
    context: &Context<'_, P>,
    resources: &[NewResource],
    repeatable: Option<&Repeatable>,
) -> Result<Option<Created>, Error> {
    let now = context.ports.now();
    context
        .tree
        .transact(async |transaction| {
            if let Some(repeatable) = repeatable
                && let Some(first) = repeatable.first(transaction, now).await?
            {
                return Ok(Some(first));
            }
            let mut changes = Changes::begin(context, transaction).await?;
            for resource in resources {
                let inserted = resource.insert(&mut changes).await;
                inserted.map_err(|error| error.within(&resource.place))?;
            }
            if let Some(repeatable) = repeatable {
                let created =
                    resources.iter().map(|resource| (&resource.id[..], resource.value.clone()));
                repeatable.remember(transaction, now, created).await?;
            }
            Ok::<_, Error>(None)
        })
        .await
}

/// A resource that is valid and not stored yet.
pub(crate) struct NewResource {
    pub id: String,
    /// Whether the client chose the id; one that is made here is nobody else's.
    has_chosen_id: bool,
    pub record: Record,
    /// What is stored of the record.
    value: Bytes,
    document: Value,
    /// Where the body has it, as a JSON Pointer.
    pub place: String,
}

impl NewResource {
    /// Completes and checks what a client sent.
    pub fn of<P: Ports>(context: &Context<'_, P>, mut document: Document) -> Result<Self, Error> {
        let Context { definition, view, ports, .. } = context;
        // Many generated clients write what they do not set so.
        view.version.schema(definition.class).drop_nulls(&mut document);
        // A client that sends back what it received sends these too; they are the server's to set.
        document.remove("href");
        if let Some(stamp) = definition.shown_stamp(view.version) {
            document.remove(&stamp);
        }
        definition.name_class(&mut document);
        let mut faults: Vec<_> = definition.set_class(&mut document).err().into_iter().collect();
        let has_chosen_id = document.contains_key("id");
        let id = set_id(&mut document, *ports).unwrap_or_else(|fault| {
            faults.push(fault);
            String::new()
        });
        let mut document = view.accept(document, faults, None)?;
        definition.stamp(&mut document, ports.now());
        let record = Record::write(&document);
        let (value, document) = (record.to_value(), Value::Object(document));
        let place = String::new();
        let new = Self { id, has_chosen_id, record, value, document, place };
        // Before it is asked whether the id is taken, perhaps by what the client does not see.
        context.expect_own(new.change(definition))?;
        Ok(new)
    }

    /// Stores the resource, unless there is one with its id or a rule is against it. Whether its
    /// client sees what has the id makes no difference to the answer.
    async fn insert<P: Ports>(&self, changes: &mut Changes<'_, P>) -> Result<(), Error> {
        if self.has_chosen_id && changes.has(&self.id).await? {
            return Err(Error::id_taken(&self.id));
        }
        changes.commit(self.change(changes.definition()), Some(self.value.clone())).await
    }

    fn change(&self, definition: &Definition) -> Change<'_> {
        let resource = definition.resource;
        Change { resource, id: &self.id, before: None, after: Some(&self.document) }
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
        Some(_) => Err(Fault::new("/id", ID_RULE)),
    }
}
