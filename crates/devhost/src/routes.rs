//! Which component a path leads to.

use anyhow::anyhow;
use routefinder::Router;

use crate::manifest::HttpTrigger;

/// The routes of an application, matched by the crate that Spin matches with: an exact route wins
/// over a wildcard, and a longer wildcard over a shorter one.
pub(crate) struct Routes(Router<Route>);

/// A route and the component that it leads to.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub pattern: String,
    pub component: String,
}

impl Route {
    /// The pattern without its trailing wildcard.
    pub fn prefix(&self) -> &str {
        self.pattern.strip_suffix("/...").unwrap_or(&self.pattern)
    }
}

impl Routes {
    pub fn new(triggers: &[HttpTrigger]) -> anyhow::Result<Self> {
        let mut router = Router::new();
        for (index, trigger) in triggers.iter().enumerate() {
            let pattern = &trigger.route;
            if triggers[..index].iter().any(|earlier| earlier.route == *pattern) {
                return Err(anyhow!("the route {pattern} is there twice"));
            }
            if !pattern.starts_with('/') {
                return Err(anyhow!("the route {pattern:?} must begin with a slash"));
            }
            let spec = match pattern.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => pattern.clone(),
            };
            let route = Route { pattern: pattern.clone(), component: trigger.component.clone() };
            router.add(spec, route).map_err(|error| anyhow!("the route {pattern}: {error}"))?;
        }
        Ok(Self(router))
    }

    /// The route that `path` takes.
    pub fn find(&self, path: &str) -> Option<&Route> {
        self.0.best_match(path).map(|found| found.handler())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triggers(routes: &[&str]) -> Vec<HttpTrigger> {
        let trigger = |route: &&str| {
            toml::from_str(&format!("route = {route:?}\ncomponent = {route:?}")).unwrap()
        };
        routes.iter().map(trigger).collect()
    }

    #[test]
    fn exact_beats_wildcard_and_longer_beats_shorter() {
        let routes =
            Routes::new(&triggers(&["/...", "/api/...", "/api/v5/...", "/api/exact"])).unwrap();
        let component = |path| routes.find(path).map(|route| route.component.as_str());
        assert_eq!(component("/"), Some("/..."));
        assert_eq!(component("/other/x"), Some("/..."));
        assert_eq!(component("/api"), Some("/api/..."));
        assert_eq!(component("/api/"), Some("/api/..."));
        assert_eq!(component("/api/exact"), Some("/api/exact"));
        assert_eq!(component("/api/exact/x"), Some("/api/..."));
        assert_eq!(component("/api/v5"), Some("/api/v5/..."));
        assert_eq!(component("/api/v5/a/b"), Some("/api/v5/..."));
        assert_eq!(component("/apis"), Some("/..."));
    }

    #[test]
    fn a_segment_can_be_any_and_exact_ones_beat_it() {
        let triggers = triggers(&["/...", "/api/:base/v5/...", "/api/exact/v5/..."]);
        let routes = Routes::new(&triggers).unwrap();
        let component = |path| routes.find(path).map(|route| route.component.as_str());
        assert_eq!(component("/api/exact/v5/a"), Some("/api/exact/v5/..."));
        assert_eq!(component("/api/other/v5/a/b"), Some("/api/:base/v5/..."));
        assert_eq!(component("/api/other/v5"), Some("/api/:base/v5/..."));
        for other in ["/api/other/v4/a", "/api/v5/a", "/api/a/b/v5/a"] {
            assert_eq!(component(other), Some("/..."), "{other}");
        }
    }

    #[test]
    fn a_path_may_lead_nowhere() {
        let routes = Routes::new(&triggers(&["/api/exact", "/wild/..."])).unwrap();
        for path in ["/", "/api", "/api/exact/x", "/API/exact", "/wilder"] {
            assert!(routes.find(path).is_none(), "{path}");
        }
        assert_eq!(routes.find("/wild").unwrap().prefix(), "/wild");
    }

    #[test]
    fn what_is_no_route_is_refused() {
        assert!(Routes::new(&triggers(&["/a", "/a"])).is_err());
        assert!(Routes::new(&triggers(&["a"])).is_err());
    }
}
