//! The application: on one host with a store of its own, or on several that share one.

use anyhow::{Context, bail};
use reqwest::Client;
use store_bench::served::Served;

use crate::Arguments;
use crate::accounts;
use crate::callers::Tenants;
use crate::host::Host;
use crate::load::Target;
use crate::log::Log;

/// The application, running. Its hosts end before their store does.
pub struct Deployment {
    hosts: Vec<Host>,
    tenants: Tenants,
    /// What the hosts write, as one log.
    pub log: Log,
    /// How many accounts each tenant has.
    pub records: usize,
    /// What has the data, if hosts share it.
    store: Option<Served>,
}

impl Deployment {
    /// Starts it with as many accounts as are asked for, all tenants' together.
    pub async fn start(arguments: &Arguments) -> anyhow::Result<Self> {
        let tenants = Tenants::new(arguments.tenants)?;
        let mut variables = tenants.variables();
        let round_trip = arguments.round_trip.unwrap_or_default();
        let store = match arguments.store {
            Some(engine) => Some(Served::start(engine, round_trip).await),
            None => None,
        };
        let address = store.as_ref().map(|store| store.store(0)).transpose()?;
        let place = address.map(|address| (address.url().to_owned(), address.allowed_host()));
        if let Some((url, host)) = &place {
            variables.extend([("store", &url[..]), ("store_host", &host[..])]);
        }
        let mut hosts = Vec::new();
        for _ in 0..arguments.hosts {
            let Arguments { host, components, profile, .. } = arguments;
            hosts.push(Host::start(*host, components, *profile, &variables).await?);
        }
        let log = Log::of(hosts.iter().map(|host| &host.log));
        let records = (arguments.records / arguments.tenants as usize).max(1);
        let started = Self { hosts, tenants, log, records, store };
        let base_url = &started.first()?.base_url;
        for client in started.tenants.clients()? {
            accounts::create_as(&client, base_url, records, None).await?;
        }
        Ok(started)
    }

    fn first(&self) -> anyhow::Result<&Host> {
        self.hosts.first().context("there is no host")
    }

    /// What the figures are from.
    pub fn describe(&self) -> anyhow::Result<String> {
        let mut parts = vec![self.first()?.describe()];
        if let Some(store) = &self.store {
            parts.push(format!("store: {}, hosts: {}", store.describe(), self.hosts.len()));
        }
        let records = self.records;
        parts.push(match self.tenants.tokens().len() {
            0 => format!("{records} accounts"),
            tenants => format!("tenants: {tenants}, each with {records} accounts"),
        });
        Ok(parts.join(", "))
    }

    /// What operators ask of it.
    pub fn target(&self) -> Target<'_> {
        Target { tokens: self.tenants.tokens(), ..self.floor() }
    }

    /// The floor components, which ask nobody, on the same hosts. Each host has their value in a store of
    /// its own.
    pub fn floor(&self) -> Target<'_> {
        let base_urls = self.hosts.iter().map(|host| &host.base_url[..]).collect();
        Target { base_urls, tokens: &[] }
    }

    /// A client of a tenant, and where it finds the application.
    pub fn client(&self) -> anyhow::Result<(Client, &str)> {
        let client = self.tenants.clients()?.into_iter().next().context("there is no tenant")?;
        Ok((client, &self.first()?.base_url))
    }

    /// The process of its only host.
    pub fn process(&self) -> anyhow::Result<u32> {
        match &self.hosts[..] {
            [host] => host.process(),
            hosts => bail!("one host can be profiled, not {}", hosts.len()),
        }
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        for host in self.hosts {
            host.stop().await?;
        }
        Ok(())
    }
}
