//! What a deployment can choose about events.

use std::time::Duration;

use webhook::{AllowedHosts, Callback, Retry};

use crate::Settings;
use crate::model::variable::Variable;

const fn seconds(name: &'static str, default: &'static str, description: &'static str) -> Variable {
    Variable { name, default, choices: &[], description, is_secret: false }
}

/// How long a receiver may have to answer.
const MAX_TIMEOUT: Duration = Duration::from_secs(60);

/// How many events a subscription is sent at once at most.
const MAX_CONCURRENCY: usize = 32;

/// The variables of whatever sends events.
pub const VARIABLES: &[Variable] = &[
    HOSTS,
    HOSTS_2,
    HOSTS_3,
    PRIVATE_ADDRESSES,
    CALLBACK,
    TIMEOUT,
    FIRST_RETRY,
    LAST_RETRY,
    GIVE_UP,
    CONCURRENCY,
];

/// Where events may be sent. One entry of a manifest's hosts is one pattern, so there are several.
pub const HOSTS: Variable = Variable {
    name: "event_hosts",
    default: "https://*:*",
    choices: &[],
    description: "Where events may be sent: one pattern, as allowed_outbound_hosts has it.",
    is_secret: false,
};

/// Another such pattern.
pub const HOSTS_2: Variable = Variable {
    name: "event_hosts_2",
    default: "https://events.invalid",
    choices: &[],
    description: "Another such pattern. Nothing is at the host that stands for none.",
    is_secret: false,
};

/// Yet another one.
pub const HOSTS_3: Variable = Variable {
    name: "event_hosts_3",
    default: "https://events.invalid",
    choices: &[],
    description: "Yet another such pattern.",
    is_secret: false,
};

const PRIVATE_ADDRESSES: Variable = Variable {
    name: "event_private_addresses",
    default: "refuse",
    choices: &["refuse", "allow"],
    description: "Whether events may be sent to private, local and metadata addresses: refuse, or allow.",
    is_secret: false,
};

const CALLBACK: Variable = Variable {
    name: "event_callback",
    default: "as_is",
    choices: &["as_is", "listener"],
    description: "Where below a callback events are sent: as_is (there), or listener (/listener/ and the type of the event).",
    is_secret: false,
};

const TIMEOUT: Variable = seconds(
    "event_timeout",
    "5",
    "How many seconds a receiver of events has to answer: 0.1 to 60.",
);

const FIRST_RETRY: Variable = seconds(
    "event_first_retry",
    "1",
    "After how many seconds an event is sent again that was not taken; then twice as many each time.",
);

const LAST_RETRY: Variable =
    seconds("event_last_retry", "3600", "How many seconds lie between two tries at most.");

const GIVE_UP: Variable = seconds(
    "event_give_up",
    "86400",
    "For how many seconds an event is tried before it is parked.",
);

const CONCURRENCY: Variable = Variable {
    name: "event_concurrency",
    default: "4",
    choices: &[],
    description: "How many events a subscription is sent at once, each about another resource: 1 to 32.",
    is_secret: false,
};

/// What a deployment has chosen about events.
#[derive(Debug, Clone)]
pub(crate) struct EventSettings {
    pub hosts: AllowedHosts,
    pub allows_private_addresses: bool,
    /// Whether the type of an event is appended to the callback.
    pub appends_listener: bool,
    pub timeout: Duration,
    pub retry: Retry,
    pub concurrency: usize,
}

impl EventSettings {
    /// Reads them, or says what is wrong with which.
    pub fn of(settings: &Settings) -> Result<Self, String> {
        let value = |variable: &Variable| settings.value(variable).trim();
        for variable in [&HOSTS, &HOSTS_2, &HOSTS_3] {
            if value(variable).contains([',', ' ']) {
                let name = variable.name;
                return Err(format!(
                    "{name} must be one pattern: event_hosts_2 and _3 take others"
                ));
            }
        }
        let timeout = webhook::seconds(TIMEOUT.name, value(&TIMEOUT))?;
        if timeout > MAX_TIMEOUT {
            return Err(format!("{} must not be more than {MAX_TIMEOUT:?}", TIMEOUT.name));
        }
        let concurrency = value(&CONCURRENCY);
        let is_few = |count: &usize| (1..=MAX_CONCURRENCY).contains(count);
        let concurrency = concurrency.parse().ok().filter(is_few).ok_or_else(|| {
            format!(
                "event_concurrency {concurrency:?} must be a number from 1 to {MAX_CONCURRENCY}"
            )
        })?;
        Ok(Self {
            hosts: AllowedHosts::parse([&HOSTS, &HOSTS_2, &HOSTS_3].map(value))
                .map_err(|error| format!("{}, _2 or _3: {error}", HOSTS.name))?,
            allows_private_addresses: value(&PRIVATE_ADDRESSES) == "allow",
            appends_listener: value(&CALLBACK) == "listener",
            timeout,
            retry: Retry::parse(value(&FIRST_RETRY), value(&LAST_RETRY), value(&GIVE_UP))?,
            concurrency,
        })
    }

    /// Refuses a callback that events may not be sent to: the rest of a sentence that begins with it.
    pub fn check(&self, callback: &Callback) -> Result<(), String> {
        if !self.allows_private_addresses && callback.is_private() {
            return Err("leads to a private or local address, which events are not sent to".into());
        }
        if !self.hosts.allow(callback.uri()) {
            return Err("is none of the hosts that events are sent to here (event_hosts)".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &'static str) -> Result<EventSettings, String> {
        let settings = Settings::read(VARIABLES, |it| (it == name).then_some(value))?;
        EventSettings::of(&settings)
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (name, wrong) in [
            ("event_hosts", "https://a https://b"),
            ("event_hosts_2", "a"),
            ("event_private_addresses", "yes"),
            ("event_callback", ""),
            ("event_timeout", "0"),
            ("event_timeout", "61"),
            ("event_first_retry", "soon"),
            ("event_last_retry", "0.5"),
            ("event_give_up", "-1"),
            ("event_concurrency", "0"),
            ("event_concurrency", "33"),
        ] {
            let error = with(name, wrong).unwrap_err();
            assert!(error.contains("event_"), "{name} {wrong}: {error}");
        }
    }

    #[test]
    fn callbacks_lead_to_public_hosts_that_are_allowed() {
        let settings = |name, value| with(name, value).unwrap();
        let allows = |settings: &EventSettings, callback: &str| {
            settings.check(&Callback::parse(callback).unwrap()).is_ok()
        };
        let default = settings("event_timeout", "5");
        assert!(allows(&default, "https://events.example.com/x"));
        assert!(!allows(&default, "http://events.example.com/x"));
        assert!(!allows(&default, "https://10.0.0.1/x"));
        assert!(allows(&settings("event_private_addresses", "allow"), "https://10.0.0.1/x"));
        let some = settings("event_hosts_2", "http://a.example");
        assert!(allows(&some, "http://a.example/") && !allows(&some, "http://b.example/"));
    }
}
