//! One case on everything that is compared, one after the other.

use anyhow::Context;

use crate::Arguments;
use crate::cases::Case;
use crate::deployment::Deployment;
use crate::host::scratch;
use crate::load::{self, Load, Target};
use crate::log::{Log, Position};
use crate::profile::{self, Profile};
use crate::table::Row;
use crate::yardstick::Yardstick;

/// What is compared, and how.
pub struct Comparison<'a> {
    pub deployment: &'a Deployment,
    pub yardstick: Option<&'a Yardstick>,
    pub arguments: &'a Arguments,
    pub connections: u32,
}

impl Comparison<'_> {
    /// Loads everything with the case. The others are loaded again for each case: what the machine
    /// does besides changes with time.
    pub async fn of<'c>(&self, case: &'c Case) -> anyhow::Result<(Row<'c>, Option<Profile>)> {
        let least = case.floor();
        self.warm_up(self.deployment.floor(), &least).await?;
        let floor = self.load(self.deployment.floor(), &least).await?;
        let yardstick = match self.yardstick {
            Some(yardstick) if case.is_conventional => {
                yardstick.tidy()?;
                self.warm_up(&yardstick.base_url, case).await?;
                Some(self.load(&yardstick.base_url, case).await?)
            }
            _ => None,
        };
        let log = &self.deployment.log;
        let begin = log.end()?;
        let warm_up = self.warm_up(self.deployment.target(), case).await;
        warm_up.with_context(|| refusal(log, &begin))?;
        let begin = log.end()?;
        let application = self.application(case).await;
        let (own, profile) = application.with_context(|| refusal(log, &begin))?;
        let activity = log.since(&begin)?;
        let connections = self.connections;
        Ok((Row { case: case.name, connections, floor, own, activity, yardstick }, profile))
    }

    async fn application(&self, case: &Case) -> anyhow::Result<(Load, Option<Profile>)> {
        let load = self.load(self.deployment.target(), case);
        if !self.arguments.profile {
            return Ok((load.await?, None));
        }
        let file = scratch()?.join("perf.data");
        let profile = profile::record(self.deployment.process()?, self.arguments.seconds, file);
        let (load, profile) = tokio::try_join!(load, profile)?;
        Ok((load, Some(profile)))
    }

    async fn load<'t>(&self, target: impl Into<Target<'t>>, case: &Case) -> anyhow::Result<Load> {
        load::measure(target, case, self.connections, self.arguments.seconds).await
    }

    async fn warm_up<'t>(&self, target: impl Into<Target<'t>>, case: &Case) -> anyhow::Result<()> {
        match self.arguments.warm_up {
            0 => Ok(()),
            seconds => load::measure(target, case, self.connections, seconds).await.map(drop),
        }
    }
}

/// What the log says of requests that were refused, beside another error.
fn refusal(log: &Log, begin: &Position) -> String {
    match log.since(begin).map(|activity| activity.refused().map(str::to_owned)) {
        Ok(Some(line)) => format!("a request that was refused, by the log: {line}"),
        Ok(None) => "the log has no request that was refused".to_owned(),
        Err(error) => format!("the log cannot be read: {error:#}"),
    }
}
