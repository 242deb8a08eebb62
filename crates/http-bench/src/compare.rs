//! One case on everything that is compared, one after the other.

use crate::Arguments;
use crate::cases::Case;
use crate::host::{Host, scratch};
use crate::load::{self, Load};
use crate::profile::{self, Profile};
use crate::table::Row;
use crate::yardstick::Yardstick;

/// What is compared, and how.
pub struct Comparison<'a> {
    pub host: &'a Host,
    pub yardstick: Option<&'a Yardstick>,
    pub arguments: &'a Arguments,
    pub connections: u32,
}

impl Comparison<'_> {
    /// Loads everything with the case. The others are loaded again for each case: what the machine
    /// does besides changes with time.
    pub async fn of<'c>(&self, case: &'c Case) -> anyhow::Result<(Row<'c>, Option<Profile>)> {
        let least = case.floor();
        self.warm_up(&self.host.base_url, &least).await?;
        let floor = self.load(&self.host.base_url, &least).await?;
        let yardstick = match self.yardstick {
            Some(yardstick) if case.is_conventional => {
                yardstick.tidy()?;
                self.warm_up(&yardstick.base_url, case).await?;
                Some(self.load(&yardstick.base_url, case).await?)
            }
            _ => None,
        };
        self.warm_up(&self.host.base_url, case).await?;
        let begin = self.host.log.end()?;
        let (own, profile) = self.application(case).await?;
        let activity = self.host.log.since(&begin)?;
        let connections = self.connections;
        Ok((Row { case: case.name, connections, floor, own, activity, yardstick }, profile))
    }

    async fn application(&self, case: &Case) -> anyhow::Result<(Load, Option<Profile>)> {
        let load = self.load(&self.host.base_url, case);
        if !self.arguments.profile {
            return Ok((load.await?, None));
        }
        let file = scratch()?.join("perf.data");
        let profile = profile::record(self.host.process()?, self.arguments.seconds, file);
        let (load, profile) = tokio::try_join!(load, profile)?;
        Ok((load, Some(profile)))
    }

    async fn load(&self, base_url: &str, case: &Case) -> anyhow::Result<Load> {
        load::measure(base_url, case, self.connections, self.arguments.seconds).await
    }

    async fn warm_up(&self, base_url: &str, case: &Case) -> anyhow::Result<()> {
        match self.arguments.warm_up {
            0 => Ok(()),
            seconds => load::measure(base_url, case, self.connections, seconds).await.map(drop),
        }
    }
}
