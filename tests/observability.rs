//! What operators watch is made of the log: the dashboard and the alert rules are files that Grafana and
//! Loki can read, and name nothing but what docs/OPERATIONS.md says that lines have.

use std::collections::BTreeSet;

use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

const OPERATIONS: &str = include_str!("../docs/OPERATIONS.md");
const DASHBOARD: &str = include_str!("../deploy/observability/grafana-dashboard.json");
const ALERTS: &str = include_str!("../deploy/observability/alerts.yaml");

/// What is no field in the expressions.
const WORDS: [&str; 11] = [
    "__error__",
    "absent_over_time",
    "by",
    "count_over_time",
    "json",
    "last_over_time",
    "quantile_over_time",
    "rate",
    "sum",
    "sum_over_time",
    "unwrap",
];

/// How many columns a dashboard of Grafana has.
const COLUMNS: u64 = 24;

/// The fields of lines that an expression in LogQL names.
fn fields(expression: &str) -> BTreeSet<&str> {
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let (mut fields, mut rest) = (BTreeSet::new(), expression);
    while let Some(first) = rest.chars().next() {
        let past = |end: char| rest[1..].find(end).map_or(rest.len(), |end| end + 2);
        let len = match first {
            // Texts, selectors of streams, and ranges of time have no fields.
            '"' | '`' => past(first),
            '{' => past('}'),
            '[' => past(']'),
            '$' => 1 + rest[1..].find(|it| !is_of_name(it)).unwrap_or(rest.len() - 1),
            _ if is_of_name(first) => rest.find(|it| !is_of_name(it)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (word, others) = rest.split_at(len);
        if (first.is_ascii_alphabetic() || first == '_') && !WORDS.contains(&word) {
            fields.insert(word);
        }
        rest = others;
    }
    fields
}

/// What each row of the table in "The log" names.
fn rows() -> Vec<BTreeSet<&'static str>> {
    let (_, section) = OPERATIONS.split_once("\n## The log\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| row.split('`').skip(1).step_by(2).collect()).collect()
}

/// Whether a line has the field. Loki calls members of members by both names.
fn is_documented(field: &str) -> bool {
    let names: Vec<_> = match field.split_once('_') {
        Some((outer, inner)) => vec![outer, inner],
        None => vec![field],
    };
    rows().iter().any(|row| names.iter().all(|name| row.contains(name)))
}

/// Checks an expression as far as that can be done without Loki.
#[track_caller]
fn expect_good(place: &str, expression: &str) {
    let count = |character| expression.matches(character).count();
    for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
        assert_eq!(count(open), count(close), "{place}: {expression}");
    }
    assert_eq!(count('{'), expression.matches("} | json").count(), "{place}: {expression}");
    let named = fields(expression);
    assert!(!named.is_empty(), "{place} names nothing of a line: {expression}");
    for field in named {
        assert!(is_documented(field), "{place}: {field} is not in \"The log\": {expression}");
    }
}

#[test]
fn a_field_that_no_line_has_is_found() {
    let expression = r#"sum by (route) (rate({app="$app"} | json | __error__="" | status=~"5.." [$__auto]))
        / last_over_time({app="a"} | json | unwrap store_calls [5m]) by (tenant) > 0.5"#;
    assert_eq!(fields(expression), BTreeSet::from(["route", "status", "store_calls", "tenant"]));
    for known in ["requestId", "store_calls", "events_oldestPendingAge", "vacuum_unknownPages"] {
        assert!(is_documented(known), "{known}");
    }
    for unknown in ["request_id", "calls_", "store_pending", "renamed"] {
        assert!(!is_documented(unknown), "{unknown}");
    }
}

#[test]
fn the_dashboard_is_one_and_shows_what_the_log_has() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    for name in ["title", "uid"] {
        assert!(dashboard[name].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
    assert!(dashboard["schemaVersion"].is_u64());
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let variables: Vec<_> = variables.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(variables, ["datasource", "app", "tenant"]);

    let (mut ids, mut titles, mut cells) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() > 10);
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is another one's");
        assert!(titles.insert(title), "{title} is there twice");
        assert!(["timeseries", "logs"].contains(&panel["type"].as_str().unwrap()), "{title}");
        assert!(panel["description"].is_string(), "{title}");
        let [x, y, width, height] =
            ["x", "y", "w", "h"].map(|name| panel["gridPos"][name].as_u64().unwrap());
        assert!(width > 0 && height > 0 && x + width <= COLUMNS, "{title} is beside the grid");
        for cell in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            assert!(cells.insert(cell), "{title} lies on another one at {cell:?}");
        }
        let targets = panel["targets"].as_array().unwrap();
        let names: BTreeSet<_> = targets.iter().map(|it| it["refId"].as_str().unwrap()).collect();
        assert!(!targets.is_empty() && names.len() == targets.len(), "{title}: {names:?}");
        for target in targets {
            for source in [&panel["datasource"], &target["datasource"]] {
                assert_eq!(
                    (&source["type"], &source["uid"]),
                    (&"loki".into(), &"${datasource}".into())
                );
            }
            expect_good(title, target["expr"].as_str().unwrap());
        }
    }
}

#[test]
fn the_alert_rules_are_such_and_look_at_what_the_log_has() {
    let documents = YamlLoader::load_from_str(ALERTS).unwrap();
    let [rules] = &documents[..] else { panic!("{} documents", documents.len()) };
    let (mut groups, mut alerts) = (BTreeSet::new(), BTreeSet::new());
    let is_duration = |text: &str| {
        let digits = text.trim_end_matches(['s', 'm', 'h', 'd']);
        digits.len() + 1 == text.len() && digits.parse::<u32>().is_ok()
    };
    for group in rules["groups"].as_vec().unwrap() {
        let name = group["name"].as_str().unwrap();
        assert!(groups.insert(name), "{name} is there twice");
        assert!(group["interval"].as_str().is_some_and(is_duration), "{name}");
        for rule in group["rules"].as_vec().unwrap() {
            let alert = rule["alert"].as_str().unwrap();
            assert!(alerts.insert(alert), "{alert} is there twice");
            let known = ["alert", "expr", "for", "labels", "annotations"];
            let members = rule.as_hash().unwrap().keys().map(|name| name.as_str().unwrap());
            assert!(members.clone().all(|name| known.contains(&name)), "{alert}");
            assert!(rule["for"].is_badvalue() || rule["for"].as_str().is_some_and(is_duration));
            let severity = rule["labels"]["severity"].as_str().unwrap();
            assert!(["critical", "warning", "info"].contains(&severity), "{alert}: {severity}");
            for name in ["summary", "description"] {
                let text = &rule["annotations"][name];
                assert!(
                    matches!(text, Yaml::String(text) if text.ends_with('.')),
                    "{alert}: {name}"
                );
            }
            expect_good(alert, rule["expr"].as_str().unwrap());
        }
    }
    assert!(alerts.len() > 10, "{alerts:?}");
}
