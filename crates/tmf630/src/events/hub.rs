//! Subscriptions, as the resource `hub` of an API.
//!
//! A subscription is told of what its owner sees at the moment of a change: the parties and the scopes
//! that it was registered with decide, not those of whoever looks at it later.

use std::rc::Rc;

use access::Parties;
use bytes::Bytes;
use jiff::Timestamp;
use kv_tree::KeyRange;
use schemas::Fault;
use serde_json::{Map, Value, json};
use webhook::Callback;

use super::interest::{self, Interest};
use super::log;
use super::names::KnownNames;
use super::notification;
use super::occurrence::Occurrence;
use super::progress::{Ended, Keys, LastError, Listens, Progress};
use super::settings::EventSettings;
use super::subscription::{self, Kept, Owner, Subscription};
use crate::model::api::{Api, Resource};
use crate::model::behaviour::{Action, Behaviour, Draft, Outcome, Shown, Work};
use crate::model::index::Index;
use crate::model::operation::{Operation, Operations};
use crate::model::rule::{Asked, Data};
use crate::model::visibility::{NamedParties, Visibility};
use crate::storage::keys;
use crate::value::HIDDEN;
use crate::{Definition, Error, Version};

/// What the resource is called.
pub const NAME: &str = "hub";

/// What can be done with subscriptions.
pub const OPERATIONS: Operations =
    Operations::of(&[Operation::List, Operation::Create, Operation::Retrieve, Operation::Delete]);

/// What they are found by.
pub const INDEXES: &[Index] = &[SAME, Index::texts("$server.owner.id")];

/// A subscription is its owner's.
pub const VISIBILITY: Visibility =
    Visibility::Owned(NamedParties { list: "$server.owner", id: "id", role: "role" });

/// What tells a subscription from others.
const SAME: Index = Index::text("$server.same");

/// How many subscriptions a tenant has at most, of an API.
const MAX_SUBSCRIPTIONS: u64 = 1_000;

/// How many events of the log are looked at to say how many of them wait: where there are more, all are
/// counted, also those that the subscription does not want.
const MAX_COUNTED: u64 = 100;

/// Of how many subscriptions that is done in one answer.
const MAX_EXACT: usize = 10;

/// How many bytes of JSON they have together.
const MAX_COUNTED_BYTES: usize = 256 << 10;

/// Sends again what is parked.
const REDRIVE: &str = "redrive";

/// What is parked.
const PARKED: &str = "parked";

/// What a server does with subscriptions.
#[derive(Debug)]
pub struct Hub {
    /// The API.
    pub api: &'static Api,
    /// The resource itself.
    pub resource: &'static Resource,
    /// The resources of the API.
    pub definitions: &'static [&'static Definition],
}

impl Behaviour for Hub {
    fn process<'a>(&'a self, draft: Draft<'a>, work: &'a mut dyn Work) -> Asked<'a, Outcome> {
        Box::pin(async move {
            match draft.after.and_then(Value::as_object) {
                Some(document) => self.register(draft.id, document, work).await,
                None => {
                    self.unregister(draft.id, work).await?;
                    Ok(Outcome::AsAsked)
                }
            }
        })
    }

    /// It is told of what happens from then on.
    fn restore<'a>(
        &'a self,
        id: &'a str,
        document: &'a Map<String, Value>,
        work: &'a mut dyn Work,
    ) -> Asked<'a, ()> {
        Box::pin(async move {
            let listens = self.listens_of(document)?;
            if progress_of(&Keys::of(self.api, id), work).await?.is_some() {
                return Err(Error::id_taken(id));
            }
            self.begin(id, listens, work).await
        })
    }

    fn derived(&self) -> &'static [&'static str] {
        &["delivery"]
    }

    fn derives<'a>(&'a self, data: &'a dyn Data) -> Asked<'a, bool> {
        let _ = data;
        Box::pin(std::future::ready(Ok(true)))
    }

    fn derive<'a>(&'a self, shown: &'a mut [Shown<'_>], data: &'a dyn Data) -> Asked<'a, ()> {
        Box::pin(async move {
            // Of one, those that it wants are counted; of many, that takes too long.
            let is_exact = shown.len() <= MAX_EXACT;
            for shown in shown {
                let Some(mut document) = shown.document() else { continue };
                let delivery = self.delivery(shown.id, &document, is_exact, data).await?;
                document.insert("delivery".to_owned(), delivery);
                shown.set(&document);
            }
            Ok(())
        })
    }

    fn actions(&self) -> &'static [Action] {
        &[
            Action {
                name: REDRIVE,
                method: http::Method::POST,
                status: http::StatusCode::ACCEPTED,
                description: "Sends again the events that are parked.",
            },
            Action {
                name: PARKED,
                method: http::Method::DELETE,
                status: http::StatusCode::NO_CONTENT,
                description: "Drops the events that are parked.",
            },
        ]
    }

    fn act<'a>(&'a self, action: &'a str, id: &'a str, work: &'a mut dyn Work) -> Asked<'a, ()> {
        Box::pin(async move {
            let keys = Keys::of(self.api, id);
            let Some(mut progress) = progress_of(&keys, work).await? else { return Ok(()) };
            let is_redriven = action == REDRIVE;
            if is_redriven && progress.ended.is_some() {
                return Err(Error::conflict(
                    "The subscription has ended",
                    "Its receiver answered that it wants no more (410). Register it again first.",
                ));
            }
            let parked = KeyRange::prefix(keys.parked(progress.generation, ""));
            if work.count_in(&parked).await? == 0 {
                return Ok(());
            }
            if is_redriven {
                progress.redriven.push(progress.generation);
            }
            progress.generation = progress.generation.saturating_add(1);
            work.put(keys.progress(), progress.to_value()?);
            work.deliver()
        })
    }
}

impl Hub {
    /// Creates a subscription, unless its owner has the same already.
    async fn register(
        &self,
        id: &str,
        document: &Map<String, Value>,
        work: &mut dyn Work,
    ) -> Result<Outcome, Error> {
        let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
        let (callback, query, version) = (text("callback"), text("query"), work.version());
        check_callback(callback, work)?;
        let (names, wanted) = self.wanted(query, version, work)?;
        let owner = work.caller().owner();
        let same = subscription::same(&owner, version, callback, query);
        let listens = Listens::of(wanted.iter().copied(), version);
        let resources = wanted.iter().map(|it| it.name().to_owned()).collect();

        let found = work.found(self.resource.stored_name(), SAME, &same, 1).await?;
        if let Some((id, Value::Object(document))) = found.into_iter().next() {
            self.resume(&id, &document, work).await?;
            return Ok(Outcome::Existing { id, document });
        }
        if progress_of(&Keys::of(self.api, id), work).await?.is_some() {
            // One with the id was deleted, and something is left of it.
            return Err(Error::id_taken(id));
        }
        let records = keys::Keys(self.resource.stored_name()).records();
        if work.count_in(&records).await? >= MAX_SUBSCRIPTIONS {
            return Err(Error::conflict(
                "There are too many subscriptions",
                format!("A tenant can have {MAX_SUBSCRIPTIONS}. Delete one first."),
            ));
        }
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(Error::internal)?;
        let secret = webhook::new_secret(random);
        let parties = match &work.caller().parties {
            Parties::All => None,
            Parties::Only(parties) => Some(parties.clone()),
        };
        let owner = [Owner { id: owner }];
        let base = work.base();
        let kept = Kept { owner, same, parties, resources, names, base, secret: secret.clone() };
        let mut stored = document.clone();
        stored.insert("version".to_owned(), format!("v{}", version.number()).into());
        stored.insert(HIDDEN.to_owned(), serde_json::to_value(&kept).map_err(Error::internal)?);
        self.begin(id, listens, work).await?;
        let mut shown = stored.clone();
        shown.insert("secret".to_owned(), secret.into());
        Ok(Outcome::StoreShowing { stored, shown })
    }

    /// What the query calls attributes by, and the resources whose events it is about: those that the
    /// caller may read.
    fn wanted(
        &self,
        query: &str,
        version: Version,
        work: &dyn Work,
    ) -> Result<(KnownNames, Vec<&'static Definition>), Error> {
        let refuse = |fault: String| Error::invalid_document(&[Fault::new("/query", fault)]);
        let (interest, names) =
            Interest::parse(query, self.definitions, version).map_err(|fault| {
                refuse(format!("has a fault at character {}: {}", fault.position, fault.told))
            })?;
        let types = |it: &Definition| interest::types_of(it, version).collect::<Vec<_>>();
        let known: Vec<_> = self.definitions.iter().flat_map(|it| types(it)).collect();
        if let Some(unknown) = interest.unknown_types(&known).first() {
            let position = query.find(unknown.as_str()).map_or(0, |at| query[..at].chars().count());
            let number = version.number();
            return Err(refuse(format!(
                "has a fault at character {}: eventType {unknown:?} is no type of event of v{number}; those are {}",
                position + 1,
                known.join(", ")
            )));
        }
        let mut wanted = self.definitions.to_vec();
        wanted.retain(|it| types(it).iter().any(|name| interest.can_want(name)));
        if wanted.is_empty() {
            return Err(refuse("must be satisfied by some type of event".to_owned()));
        }
        let scopes = |it: &Definition| it.scopes(Operation::List);
        let may_read = |it: &Definition| scopes(it).iter().any(|it| work.caller().scopes.has(it));
        let (readable, others): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|it| may_read(it));
        // Who asks for some types by name is told if they do not get one.
        match others.first() {
            Some(other) if readable.is_empty() || interest.names_types() => {
                let [narrow, _] = scopes(other);
                Err(Error::scope_missing(&narrow))
            }
            _ => Ok((names, readable)),
        }
    }

    /// Lets a subscription be told of what happens from now on.
    async fn begin(&self, id: &str, listens: Listens, work: &mut dyn Work) -> Result<(), Error> {
        listen(&listens, true, work).await?;
        let cursor = log::place_after(work.commit());
        let progress = Progress { listens: Some(listens), cursor, ..Progress::default() };
        work.put(Keys::of(self.api, id).progress(), progress.to_value()?);
        Ok(())
    }

    /// What a stored subscription listens to.
    fn listens_of(&self, document: &Map<String, Value>) -> Result<Listens, Error> {
        let subscription = Subscription::read(document)?;
        let resources = &subscription.kept.resources;
        let of_it =
            self.definitions.iter().filter(|it| resources.iter().any(|name| it.name() == name));
        Ok(Listens::of(of_it.copied(), subscription.version))
    }

    /// Lets a subscription that has ended go on with what happens from now on.
    async fn resume(
        &self,
        id: &str,
        document: &Map<String, Value>,
        work: &mut dyn Work,
    ) -> Result<(), Error> {
        let keys = Keys::of(self.api, id);
        let progress = progress_of(&keys, work).await?.unwrap_or_default();
        if progress.listens.is_some() {
            return Ok(());
        }
        let listens = self.listens_of(document)?;
        listen(&listens, true, work).await?;
        let progress = Progress {
            listens: Some(listens),
            cursor: log::place_after(work.commit()),
            lease: None,
            misses: 0,
            tries: 0,
            next: None,
            failing_since: None,
            ended: None,
            ..progress
        };
        work.put(keys.progress(), progress.to_value()?);
        Ok(())
    }

    /// Ends a subscription. What is kept for it is removed by and by.
    async fn unregister(&self, id: &str, work: &mut dyn Work) -> Result<(), Error> {
        let keys = Keys::of(self.api, id);
        let mut progress = progress_of(&keys, work).await?.unwrap_or_default();
        if let Some(listens) = progress.listens.take() {
            listen(&listens, false, work).await?;
        }
        progress.ended = Some(Ended::Deleted);
        work.put(keys.progress(), progress.to_value()?);
        work.deliver()
    }

    /// What operators see of what became of the events of a subscription.
    async fn delivery(
        &self,
        id: &str,
        document: &Map<String, Value>,
        is_exact: bool,
        data: &dyn Data,
    ) -> Result<Value, Error> {
        let keys = Keys::of(self.api, id);
        let progress = progress_of(&keys, data).await?.unwrap_or_default();
        let [waiting, _, due, _] = keys.events();
        let mut pending = data.count_in(&KeyRange::prefix(waiting.clone())).await?;
        let first = data.scan(&waiting, 1).await?;
        let mut oldest = first.iter().find_map(|(_, value)| time_of(value));
        for generation in &progress.redriven {
            let range = KeyRange::prefix(keys.parked(*generation, ""));
            pending = pending.saturating_add(data.count_in(&range).await?);
        }
        if progress.ended.is_none() {
            let (count, since) = self.in_log(document, &progress, is_exact, data).await?;
            pending = pending.saturating_add(count);
            oldest = [oldest, since].into_iter().flatten().min();
        }
        let parked = KeyRange::prefix(keys.parked(progress.generation, ""));
        let parked = data.count_in(&parked).await?;
        let due = data.scan(&due, 1).await?;
        let due = due.first().and_then(|(key, _)| Some(keys.due_at(key)?.0));
        let status = match progress.ended {
            Some(_) => "ended",
            None if pending > 0 && (due.is_some() || progress.misses > 0) => "retrying",
            None => "active",
        };
        let mut delivery = json!({
            "status": status,
            "pending": pending,
            "delivered": progress.delivered,
            "failed": progress.failed,
            "parked": parked,
        });
        if let Some(oldest) = oldest {
            let age = data.now().duration_since(oldest).as_secs().max(0);
            delivery["oldestPendingAge"] = age.into();
        }
        if let Some(LastError { time, message }) = &progress.last_error {
            delivery["lastError"] = json!({ "time": format!("{time:.3}"), "message": message });
        }
        let next = due.into_iter().chain(progress.next).max();
        if let Some(next) = next.filter(|_| pending > 0 && progress.ended.is_none()) {
            delivery["nextTry"] = format!("{next:.3}").into();
        }
        Ok(delivery)
    }

    /// How many events of the log the subscription has still to be sent, and since when.
    async fn in_log(
        &self,
        document: &Map<String, Value>,
        progress: &Progress,
        is_exact: bool,
        data: &dyn Data,
    ) -> Result<(u64, Option<Timestamp>), Error> {
        let range = log::after(self.api, &progress.cursor);
        let all = data.count_in(&range).await?;
        // One that only a newer version can read may want all of them.
        let Some(Ok(subscription)) = is_exact.then(|| Subscription::read(document)) else {
            let first = data.scan_in(&range, 1).await?;
            return Ok((all, first.first().and_then(|(_, value)| time_of(value))));
        };
        let (mut count, mut since, mut bytes) = (0, None, 0_usize);
        for (_, value) in data.scan_in(&range, MAX_COUNTED).await? {
            let occurrence = match Occurrence::decode(&value) {
                Ok(occurrence) => occurrence,
                Err(error) => {
                    // It may be wanted.
                    count += u64::from(error.is_newer());
                    continue;
                }
            };
            bytes = bytes.saturating_add(occurrence.len());
            if bytes > MAX_COUNTED_BYTES {
                return Ok((all, since));
            }
            let (settings, tenant) = (data.settings(), &data.caller().tenant);
            let whole = || {
                Ok(notification::whole(self.api, subscription.version, &occurrence)?.map(Rc::new))
            };
            let wanted = subscription.wants(self.api, settings, tenant, &occurrence, whole);
            if wanted.map_or_else(|error| error.is_newer(), |event| event.is_some()) {
                count += 1;
                since = since.or(Some(occurrence.what.time));
            }
        }
        let is_counted = all <= MAX_COUNTED;
        Ok((if is_counted { count } else { all }, since))
    }
}

/// Where the subscriptions of an API are kept.
pub(super) fn keys_of(api: &Api) -> keys::Keys {
    keys::Keys(api.resource(NAME).map_or(NAME, Resource::stored_name))
}

/// Counts a subscription among those that listen to resources, or no more.
async fn listen(listens: &Listens, is_added: bool, work: &mut dyn Work) -> Result<(), Error> {
    for key in listens.keys() {
        match listens.counted(work.get(&key).await?.as_deref(), is_added) {
            Some(value) => work.put(key, value),
            None => work.delete(key),
        }
    }
    Ok(())
}

fn time_of(value: &Bytes) -> Option<Timestamp> {
    Occurrence::decode(value).ok().map(|occurrence| occurrence.what.time)
}

async fn progress_of(keys: &Keys, data: &dyn Data) -> Result<Option<Progress>, Error> {
    let key = keys.progress();
    let Some(value) = data.get(&key).await? else { return Ok(None) };
    match Progress::read(&key, &value) {
        Ok(progress) => Ok(Some(progress)),
        Err(error) if error.is_newer() => Err(error),
        // What is damaged is begun anew, so that it can be deleted.
        Err(_) => Ok(None),
    }
}

/// Refuses a callback that is none, or that events are not sent to.
fn check_callback(callback: &str, work: &dyn Work) -> Result<(), Error> {
    let settings = EventSettings::of(work.settings()).map_err(Error::internal)?;
    let parsed = Callback::parse(callback);
    let checked = parsed.and_then(|callback| settings.check(&callback));
    checked.map_err(|fault| Error::invalid_document(&[Fault::new("/callback", fault)]))
}
