//! Creating what is not there yet.

use client::{Client, Created, each};
use serde_json::Value;

/// How many resources are created at once.
const AT_ONCE: usize = 500;

/// How many resources of a kind there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Created now.
    pub created: usize,
    /// Found, because an earlier run has created them.
    pub already_there: usize,
}

/// Creates resources, and counts them.
pub struct Loader<'a> {
    client: &'a Client,
    tell: &'a dyn Fn(&str),
    /// What was loaded, by the name of the resource.
    pub tallies: Vec<(&'static str, Tally)>,
}

impl<'a> Loader<'a> {
    /// One that has loaded nothing.
    pub fn new(client: &'a Client, tell: &'a dyn Fn(&str)) -> Self {
        Self { client, tell, tallies: Vec::new() }
    }

    /// Creates those of the documents that are not there, many at once.
    pub async fn load(
        &mut self,
        api: &str,
        resource: &'static str,
        documents: Vec<Value>,
    ) -> anyhow::Result<()> {
        let path = format!("{api}/{resource}");
        let mut tally = Tally::default();
        for some in documents.chunks(AT_ONCE) {
            // All of them or none: where one is there, perhaps not all are.
            if self.client.create_many(&path, some).await? {
                tally.created += some.len();
            } else {
                let missing = self.missing(&path, some.to_vec()).await?;
                tally.already_there += some.len() - missing.len();
                tally.add(self.one_by_one(&path, missing).await?);
            }
        }
        self.note(resource, tally);
        Ok(())
    }

    /// The same one by one, for resources that cannot be created many at once.
    pub async fn load_each(
        &mut self,
        api: &str,
        resource: &'static str,
        documents: Vec<Value>,
    ) -> anyhow::Result<()> {
        let tally = self.one_by_one(&format!("{api}/{resource}"), documents).await?;
        self.note(resource, tally);
        Ok(())
    }

    /// Those of the documents that are not there.
    async fn missing(&self, path: &str, documents: Vec<Value>) -> anyhow::Result<Vec<Value>> {
        let look = |document: Value| {
            let (client, path) = (self.client.clone(), path.to_owned());
            async move { Ok((!client.has(&path, &document).await?).then_some(document)) }
        };
        Ok(each(documents, look).await?.into_iter().flatten().collect())
    }

    async fn one_by_one(&self, path: &str, documents: Vec<Value>) -> anyhow::Result<Tally> {
        let create = |document: Value| {
            let (client, path) = (self.client.clone(), path.to_owned());
            async move { client.create(&path, &document).await }
        };
        let mut tally = Tally::default();
        for created in each(documents, create).await? {
            match created {
                Created::New(_) => tally.created += 1,
                Created::AlreadyThere => tally.already_there += 1,
            }
        }
        Ok(tally)
    }

    fn note(&mut self, resource: &'static str, tally: Tally) {
        (self.tell)(&format!("{resource}: {tally}"));
        match self.tallies.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, sum)) => sum.add(tally),
            None => self.tallies.push((resource, tally)),
        }
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.created += other.created;
        self.already_there += other.already_there;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} created, {} already there", self.created, self.already_there)
    }
}
