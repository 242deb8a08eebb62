//! POST on the collection.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, Request, Response, StatusCode};
use jiff::Timestamp;
use kv_tree::Transaction;
use serde_json::Value;

use crate::commit::{Changes, Made};
use crate::context::Context;
use crate::model::rule::Change;
use crate::query::{self, Fields};
use crate::request::body;
use crate::request::conditional::Conditions;
use crate::storage::idempotency::{Created, IdempotencyKey, Repeatable};
use crate::storage::record::Record;
use crate::value::Document;
use crate::{Definition, Error, Ports, tenants};

pub(crate) async fn create<P: Ports, B: http_body::Body>(
    context: &Context<'_, P>,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    let head = Head::of(context, &request)?;
    let body = body::read_document(request).await?;
    let new = NewResource::of(context, body.document)?;
    context.audit.note(&new.id);

    let repeatable = head.repeatable(context, &body.bytes);
    let inserted = insert(context, std::slice::from_ref(&new), repeatable.as_ref()).await?;
    inserted.note(context);
    let (id, record) = inserted.resources.first().ok_or_else(|| Error::internal("none created"))?;
    match inserted.is_stored {
        true => created(context, id, record, head.fields.as_ref()),
        false => {
            context.audit.note_unchanged();
            let tag = context.view.etag(record);
            context.view.respond(StatusCode::OK, id, record, tag, head.fields.as_ref())
        }
    }
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
        Some(key.for_body(context.keys(), context.view.version, owner, body))
    }
}

/// What came of creating resources.
pub(crate) struct Inserted {
    /// The resources, with their ids.
    pub resources: Created,
    /// Whether an earlier request with the same key has created them.
    is_repeated: bool,
    /// Whether they are stored.
    pub is_stored: bool,
}

impl Inserted {
    /// Tells the log whether they were created now.
    pub fn note<P: Ports>(&self, context: &Context<'_, P>) {
        if self.is_repeated {
            context.audit.note_repeated(self.resources.iter().map(|(id, _)| &id[..]));
        }
    }
}

/// Stores all of the resources or none. Where the request was sent before, nothing happens, and what
/// it created then is the answer.
pub(crate) async fn insert<P: Ports>(
    context: &Context<'_, P>,
    resources: &[NewResource],
    repeatable: Option<&Repeatable>,
) -> Result<Inserted, Error> {
    let now = context.ports.now();
    tenants::announced(context, async || {
        context
            .tree
            .transact(async |transaction| {
                try_insert(context, resources, repeatable, now, transaction).await
            })
            .await
    })
    .await
}

async fn try_insert<P: Ports>(
    context: &Context<'_, P>,
    resources: &[NewResource],
    repeatable: Option<&Repeatable>,
    now: Timestamp,
    transaction: &mut Transaction<P::Kv>,
) -> Result<Inserted, Error> {
    if let Some(repeatable) = repeatable
        && let Some(first) = repeatable.first(transaction, now).await?
    {
        return Ok(Inserted { resources: first, is_repeated: true, is_stored: true });
    }
    let mut changes = Changes::begin(context, transaction).await?;
    let mut inserted = Inserted { resources: Vec::new(), is_repeated: false, is_stored: true };
    for resource in resources {
        let made = resource.insert(&mut changes).await;
        let made = made.map_err(|error| error.within(&resource.place))?;
        inserted.is_stored &= made.is_stored;
        let id = made.existing.unwrap_or_else(|| resource.id.clone());
        inserted.resources.extend(made.record.map(|record| (id, record)));
    }
    if let Some(repeatable) = repeatable.filter(|_| inserted.is_stored) {
        let created = inserted.resources.iter();
        let created = created.map(|(id, record)| (&id[..], record.to_value()));
        repeatable.remember(transaction, now, created).await?;
    }
    Ok(inserted)
}

/// A resource that is valid and not stored yet.
pub(crate) struct NewResource {
    pub id: String,
    /// Whether the client chose the id; one that is made here is nobody else's.
    has_chosen_id: bool,
    record: Record,
    document: Value,
    /// Where the body has it, as a JSON Pointer.
    pub place: String,
}

impl NewResource {
    /// Completes and checks what a client sent.
    pub fn of<P: Ports>(context: &Context<'_, P>, mut document: Document) -> Result<Self, Error> {
        let Context { definition, view, ports, .. } = context;
        let of_api = |class: &str| definition.is_of_api(class);
        let faults = definition.class.begin(view.version, &mut document, of_api);
        let has_chosen_id = document.contains_key("id");
        let id = set_id(&mut document, *ports);
        let mut document = view.accept(document, faults, None)?;
        definition.stamp(&mut document, ports.now());
        let record = Record::write(&document);
        let (document, place) = (Value::Object(document), String::new());
        let new = Self { id, has_chosen_id, record, document, place };
        // Before it is asked whether the id is taken, perhaps by what the client does not see.
        context.expect_own(new.change(definition))?;
        Ok(new)
    }

    /// Stores the resource, unless there is one with its id or a rule is against it. Whether its
    /// client sees what has the id makes no difference to the answer.
    async fn insert<P: Ports>(&self, changes: &mut Changes<'_, P>) -> Result<Made, Error> {
        if self.has_chosen_id && changes.has(&self.id).await? {
            return Err(Error::id_taken(&self.id));
        }
        changes.make(self.change(changes.definition()), Some(self.record.clone())).await
    }

    fn change(&self, definition: &Definition) -> Change<'_> {
        let resource = definition.resource;
        Change { resource, id: &self.id, before: None, after: Some(&self.document) }
    }
}

/// The id that the client chose, or else a new one, which is put into the document.
fn set_id<P: Ports>(document: &mut Document, ports: &P) -> String {
    let id = document.entry("id").or_insert_with(|| ports.new_id().to_string().into());
    id.as_str().unwrap_or_default().to_owned()
}
