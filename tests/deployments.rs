//! The files below `deploy/` say what the application is: nothing that they name has another name
//! there, secrets are nowhere but in the places for secrets, and an ODA Canvas takes the component.

use std::fs;
use std::path::{Path, PathBuf};

use yaml_rust2::{Yaml, YamlLoader};

const SPIN_APP: &str = "deploy/kubernetes/spinapp.yaml";
const SECRETS: &str = "deploy/kubernetes/secrets.example.yaml";
const CRON_JOB: &str = "deploy/kubernetes/maintenance.yaml";
const COMPOSE: &str = "deploy/compose/compose.yaml";
const UNIT: &str = "deploy/systemd/accounts.service";
const MAINTENANCE_UNIT: &str = "deploy/systemd/accounts-maintenance.service";
const COMPONENT: &str = "deploy/oda/component.yaml";

/// Where both hosts say that they answer.
const HEALTH: &str = "/.well-known/spin/health";

/// The prefix of what Spin takes for values of variables.
const ENVIRONMENT: &str = "SPIN_VARIABLE_";

fn path_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

#[track_caller]
fn text(name: &str) -> String {
    fs::read_to_string(path_of(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The documents of a file, of which none is empty.
#[track_caller]
fn documents(name: &str) -> Vec<Yaml> {
    let documents = YamlLoader::load_from_str(&text(name));
    let documents = documents.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!documents.is_empty() && documents.iter().all(|it| it.as_hash().is_some()), "{name}");
    documents
}

/// The only document of a file.
#[track_caller]
fn document(name: &str) -> Yaml {
    let mut documents = documents(name);
    assert_eq!(documents.len(), 1, "{name}");
    documents.remove(0)
}

/// What `spin.toml` says.
fn manifest() -> toml::Table {
    text("spin.toml").parse().unwrap()
}

/// The names of the variables that there are, and whether they are secrets.
fn variables() -> Vec<(String, bool)> {
    let variables = manifest()["variables"].as_table().unwrap().clone();
    let is_secret =
        |variable: &toml::Value| variable.get("secret").is_some_and(|it| it == &true.into());
    variables.iter().map(|(name, variable)| (name.clone(), is_secret(variable))).collect()
}

/// The paths that are served, each with its component.
fn routes() -> Vec<(String, String)> {
    let manifest = manifest();
    let triggers = manifest["trigger"]["http"].as_array().unwrap();
    let text = |trigger: &toml::Value, name| trigger[name].as_str().unwrap().to_owned();
    triggers.iter().map(|trigger| (text(trigger, "route"), text(trigger, "component"))).collect()
}

/// The path of `POST /maintenance`.
fn maintenance_path() -> String {
    let routes = routes();
    routes.iter().find(|(_, component)| component == "maintenance").unwrap().0.clone()
}

#[track_caller]
fn string(yaml: &Yaml) -> &str {
    yaml.as_str().unwrap_or_else(|| panic!("{yaml:?} is no text"))
}

#[track_caller]
fn list(yaml: &Yaml) -> &[Yaml] {
    yaml.as_vec().unwrap_or_else(|| panic!("{yaml:?} is no list"))
}

#[track_caller]
fn members(yaml: &Yaml) -> Vec<(&str, &Yaml)> {
    let members = yaml.as_hash().unwrap_or_else(|| panic!("{yaml:?} has no members"));
    members.iter().map(|(name, value)| (string(name), value)).collect()
}

/// The name in the metadata of an object of Kubernetes.
#[track_caller]
fn name_of(object: &Yaml) -> &str {
    string(&object["metadata"]["name"])
}

/// The values that a unit of systemd gives to a key, each in one line.
fn values_of(unit: &str, key: &str) -> Vec<String> {
    let text = text(unit).replace("\\\n", " ");
    let assigned = text.lines().filter_map(|line| line.split_once('='));
    assigned.filter(|(name, _)| *name == key).map(|(_, value)| value.to_owned()).collect()
}

#[track_caller]
fn value_of(unit: &str, key: &str) -> String {
    let [value] = &values_of(unit, key)[..] else { panic!("{unit} has not one {key}") };
    value.clone()
}

/// The values of an option in a command line, with its words parted by white space.
fn options<'a>(command: &'a str, option: &str) -> Vec<&'a str> {
    let words: Vec<_> = command.split_whitespace().collect();
    words.windows(2).filter(|pair| pair[0] == option).map(|pair| pair[1]).collect()
}

/// The variables that systemd's unit gives a value: in `--variable NAME=VALUE`, and in its file.
fn variables_of_the_unit() -> Vec<(String, String)> {
    let command = value_of(UNIT, "ExecStart");
    let options = options(&command, "--variable");
    let (files, single): (Vec<_>, Vec<_>) = options.into_iter().partition(|it| it.starts_with('@'));
    let mut variables: Vec<_> = single
        .iter()
        .map(|option| option.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(files, ["@%d/variables.toml"]);
    let credentials = values_of(UNIT, "LoadCredential");
    assert!(credentials.contains(&"variables.toml:/etc/accounts/variables.toml".to_owned()));
    let file: toml::Table = text("deploy/systemd/variables.toml").parse().unwrap();
    variables.extend(file.iter().map(|(name, it)| (name.clone(), it.as_str().unwrap().to_owned())));
    variables
}

/// The variables that Compose gives a value.
fn variables_of_compose() -> Vec<(String, String)> {
    let compose = document(COMPOSE);
    let variables = members(&compose["services"]["accounts"]["environment"]);
    let variables = variables.into_iter().map(|(name, value)| {
        let name = name.strip_prefix(ENVIRONMENT).unwrap_or_else(|| panic!("{name} is not Spin's"));
        assert_eq!(name, name.to_uppercase());
        (name.to_lowercase(), string(value).to_owned())
    });
    variables.collect()
}

#[test]
fn every_yaml_can_be_read() {
    let mut folders = vec![path_of("deploy")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "yaml" || it == "yml") {
                let documents = YamlLoader::load_from_str(&fs::read_to_string(&path).unwrap());
                let documents = documents.unwrap_or_else(|error| panic!("{path:?}: {error}"));
                assert!(!documents.is_empty(), "{path:?}");
                count += 1;
            }
        }
    }
    assert!(count >= 9, "{count}");
}

#[test]
fn variables_have_the_names_of_the_manifest() {
    let app = document(SPIN_APP);
    let of_the_app = list(&app["spec"]["variables"]).iter();
    let of_the_app = of_the_app.map(|it| ("Kubernetes", string(&it["name"]).to_owned()));
    let of_compose = variables_of_compose().into_iter().map(|(name, _)| ("Compose", name));
    let of_the_unit = variables_of_the_unit().into_iter().map(|(name, _)| ("systemd", name));
    let known = variables();
    for (place, name) in of_the_app.chain(of_compose).chain(of_the_unit) {
        assert!(known.iter().any(|(it, _)| *it == name), "{place}: there is no variable {name}");
    }
}

#[test]
fn secrets_are_referred_to_and_not_told() {
    let app = document(SPIN_APP);
    let example = &documents(SECRETS)[0];
    let mut kept = Vec::new();
    for (name, _) in variables().iter().filter(|(_, is_secret)| *is_secret) {
        let variables = list(&app["spec"]["variables"]);
        for variable in variables.iter().filter(|it| string(&it["name"]) == name) {
            assert!(variable["value"].is_badvalue(), "{name}");
            let reference = &variable["valueFrom"]["secretKeyRef"];
            assert_eq!(string(&reference["name"]), name_of(example), "{name}");
            assert_eq!(string(&reference["key"]), name);
            kept.push(name.clone());
        }
        for (_, value) in variables_of_compose().iter().filter(|(it, _)| it == name) {
            assert!(value.contains("${"), "{name}: {value}");
        }
    }
    kept.sort();
    let mut given = members(&example["stringData"]);
    given.sort_by_key(|(name, _)| *name);
    assert_eq!(kept, given.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    // No bearer token has a blank; the others have none of a server.
    for (name, value) in given {
        let value = string(value);
        assert!(value.contains('<') && value.contains('>'), "{name} could be real: {value}");
    }
    assert!(string(&example["stringData"]["maintenance_token"]).contains(' '));

    let compose = document(COMPOSE);
    for (service, it) in members(&compose["services"]) {
        for (name, value) in members(&it["environment"]) {
            if name.contains("PASSWORD") || name.contains("TOKEN") {
                let value = string(value);
                assert!(value.starts_with("${") && value.contains(":?"), "{service}: {name}");
            }
        }
    }

    let token = ("maintenance_token".to_owned(), "@%d/maintenance_token".to_owned());
    assert!(variables_of_the_unit().contains(&token));
    for unit in [UNIT, MAINTENANCE_UNIT] {
        let credential = "maintenance_token:/etc/accounts/maintenance_token".to_owned();
        assert!(values_of(unit, "LoadCredential").contains(&credential), "{unit}");
    }
    assert!(value_of(MAINTENANCE_UNIT, "ExecStart").contains("$(cat %d/maintenance_token)"));
}

#[test]
fn replicas_share_a_store_and_a_single_machine_has_a_file() {
    let app = document(SPIN_APP);
    let of_the_app = list(&app["spec"]["variables"]);
    let host = of_the_app.iter().find(|it| string(&it["name"]) == "store_host").unwrap();
    let secrets = documents(SECRETS);
    let address = string(&secrets[0]["stringData"]["store"]);
    assert_eq!(host_of(string(&host["value"])), host_of(address));
    assert!(of_the_app.iter().any(|it| string(&it["name"]) == "store"));

    let of_compose = variables_of_compose();
    let value = |name| &of_compose.iter().find(|(it, _)| it == name).unwrap().1[..];
    assert_eq!(host_of(value("store_host")), host_of(value("store")));
    let compose = document(COMPOSE);
    let server = &compose["services"]["postgres"]["environment"];
    let expected = format!(
        "postgres://{}:{}@postgres:5432/{}",
        string(&server["POSTGRES_USER"]),
        string(&server["POSTGRES_PASSWORD"]),
        string(&server["POSTGRES_DB"]),
    );
    assert_eq!(value("store"), expected);

    assert!(variables_of_the_unit().iter().all(|(name, _)| name != "store"));
    let runtime: toml::Table = text("deploy/systemd/runtime.toml").parse().unwrap();
    let file = runtime["key_value_store"]["default"]["path"].as_str().unwrap();
    let folder = value_of(UNIT, "StateDirectory");
    assert_eq!(file, format!("/var/lib/{folder}/accounts.db"));
    assert!(value_of(UNIT, "ExecStartPre").contains(&format!("%S/{folder}/accounts.db")));
}

/// Scheme, host and port of an address, without user and path.
#[track_caller]
fn host_of(address: &str) -> (&str, &str) {
    let (scheme, rest) = address.split_once("://").unwrap_or_else(|| panic!("{address}"));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    (scheme, rest.split('/').next().unwrap())
}

#[test]
fn what_objects_of_kubernetes_refer_to_is_there() {
    let app = document(SPIN_APP);
    let spec = &app["spec"];
    assert_eq!(string(&app["apiVersion"]), "core.spinkube.dev/v1alpha1");
    assert_eq!(string(&app["kind"]), "SpinApp");
    let executor = document("deploy/kubernetes/executor.yaml");
    assert_eq!(string(&executor["kind"]), "SpinAppExecutor");
    assert_eq!(string(&spec["executor"]), name_of(&executor));

    let autoscaler = document("deploy/kubernetes/autoscaler.yaml");
    let target = &autoscaler["spec"]["scaleTargetRef"];
    assert_eq!(string(&target["kind"]), "Deployment");
    // The operator names the Deployment as the SpinApp.
    assert_eq!(string(&target["name"]), name_of(&app));
    assert_eq!(spec["enableAutoscaling"].as_bool(), Some(true));
    assert!(spec["replicas"].is_badvalue(), "the autoscaler decides");
    for metric in list(&autoscaler["spec"]["metrics"]) {
        let resource = string(&metric["resource"]["name"]);
        assert!(!spec["resources"]["requests"][resource].is_badvalue(), "a part of what?");
    }

    let secrets = documents(SECRETS);
    let runtime =
        secrets.iter().find(|it| string(&spec["runtimeConfig"]["loadFromSecret"]) == name_of(it));
    let runtime = string(&runtime.unwrap()["stringData"]["runtime-config.toml"]);
    assert!(runtime.parse::<toml::Table>().unwrap().contains_key("outbound_networking"));

    // What is applied is there, and has no secrets that somebody would have to overwrite.
    let applied = document("deploy/kubernetes/kustomization.yaml");
    let mut applied: Vec<_> = list(&applied["resources"]).iter().map(string).collect();
    applied.sort();
    let files = fs::read_dir(path_of("deploy/kubernetes")).unwrap();
    let names = files.map(|it| it.unwrap().file_name().into_string().unwrap());
    let others = ["kustomization.yaml", "secrets.example.yaml"];
    let mut expected: Vec<_> = names.filter(|name| !others.contains(&&name[..])).collect();
    expected.sort();
    assert_eq!(applied, expected);
}

#[test]
fn maintenance_is_called_where_it_is_with_the_token_that_it_asks_for() {
    let path = maintenance_path();
    let app = document(SPIN_APP);

    let job = document(CRON_JOB);
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &list(&pod["containers"])[0];
    let script = string(&list(&container["args"])[0]);
    assert_calls(script, &format!("http://{}{path}", name_of(&app)));
    let [variable] = list(&container["env"]) else { panic!("{container:?}") };
    assert!(script.contains(&format!("\"${}\"", string(&variable["name"]))));
    let reference = &variable["valueFrom"]["secretKeyRef"];
    assert_eq!(string(&reference["key"]), "maintenance_token");
    assert_eq!(string(&reference["name"]), name_of(&documents(SECRETS)[0]));

    let compose = document(COMPOSE);
    let script = string(&list(&compose["services"]["maintenance"]["command"])[0]);
    let command = list(&compose["services"]["accounts"]["command"]);
    let listen = command.iter().find_map(|it| string(it).strip_prefix("--listen=")).unwrap();
    let port = listen.rsplit_once(':').unwrap().1;
    assert_calls(script, &format!("http://accounts:{port}{path}"));
    let token = string(&compose["services"]["maintenance"]["environment"]["TOKEN"]);
    let of_compose = variables_of_compose();
    assert!(of_compose.contains(&("maintenance_token".to_owned(), token.to_owned())));
    // A dollar sign that is the shell's, and not Compose's.
    assert!(script.contains("$$TOKEN"));

    let command = value_of(UNIT, "ExecStart");
    let [listen] = options(&command, "--listen")[..] else { panic!("{command}") };
    assert_calls(&value_of(MAINTENANCE_UNIT, "ExecStart"), &format!("http://{listen}{path}"));
    let timer = MAINTENANCE_UNIT.replace(".service", ".timer");
    assert_eq!(value_of(&timer, "WantedBy"), "timers.target");
}

/// The script posts to the URL, with a bearer token that it hands to curl by standard input.
#[track_caller]
fn assert_calls(script: &str, url: &str) {
    assert_eq!(options(script, "-X"), ["POST"], "{script}");
    assert_eq!(options(script, "-H"), ["@-"], "{script}");
    assert!(script.contains("Authorization: Bearer %"), "{script}");
    let urls = script.split([' ', '\n', '\'']).filter(|word| word.starts_with("http"));
    assert_eq!(urls.collect::<Vec<_>>(), [url], "{script}");
}

#[test]
fn health_is_asked_where_the_hosts_answer() {
    let app = document(SPIN_APP);
    for check in ["readiness", "liveness"] {
        assert_eq!(string(&app["spec"]["checks"][check]["httpGet"]["path"]), HEALTH, "{check}");
    }
    let compose = document(COMPOSE);
    let check = list(&compose["services"]["accounts"]["healthcheck"]["test"]);
    assert!(string(check.last().unwrap()).contains(&format!("GET {HEALTH} ")));
    for service in ["accounts", "postgres"] {
        let dependants = members(&compose["services"]).into_iter();
        let mut conditions = dependants.map(|(_, it)| &it["depends_on"][service]["condition"]);
        assert!(conditions.any(|it| it.as_str() == Some("service_healthy")), "{service}");
    }
}

/// The kinds of members that the schema below names.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Text,
    Number,
    List,
    Object,
}

impl Kind {
    fn of(yaml: &Yaml) -> Option<Self> {
        Some(match yaml {
            Yaml::String(_) => Self::Text,
            Yaml::Integer(_) => Self::Number,
            Yaml::Array(_) => Self::List,
            Yaml::Hash(_) => Self::Object,
            _ => return None,
        })
    }
}

/// What `spec` of a component may have: facts of the CRD of the ODA Canvas, v1
/// (`components.oda.tmforum.org`), as far as the component here has use for them. A canvas drops
/// without a word what is not in it. `[]` stands for an element of a list.
const SCHEMA: &[(&str, Kind)] = &[
    ("componentMetadata", Kind::Object),
    ("componentMetadata.id", Kind::Text),
    ("componentMetadata.name", Kind::Text),
    ("componentMetadata.version", Kind::Text),
    ("componentMetadata.description", Kind::Text),
    ("componentMetadata.functionalBlock", Kind::Text),
    ("componentMetadata.publicationDate", Kind::Text),
    ("componentMetadata.status", Kind::Text),
    ("coreFunction", Kind::Object),
    ("coreFunction.exposedAPIs", Kind::List),
    ("coreFunction.exposedAPIs[]", Kind::Object),
    ("coreFunction.exposedAPIs[].name", Kind::Text),
    ("coreFunction.exposedAPIs[].id", Kind::Text),
    ("coreFunction.exposedAPIs[].apiType", Kind::Text),
    ("coreFunction.exposedAPIs[].apiSDO", Kind::Text),
    ("coreFunction.exposedAPIs[].implementation", Kind::Text),
    ("coreFunction.exposedAPIs[].port", Kind::Number),
    ("coreFunction.exposedAPIs[].specification", Kind::List),
    ("coreFunction.exposedAPIs[].specification[]", Kind::Object),
    ("coreFunction.exposedAPIs[].specification[].url", Kind::Text),
    ("coreFunction.exposedAPIs[].specification[].version", Kind::Text),
    ("coreFunction.exposedAPIs[].specification[].path", Kind::Text),
    ("coreFunction.exposedAPIs[].specification[].developerUI", Kind::Text),
    ("coreFunction.dependentAPIs", Kind::List),
    ("eventNotification", Kind::Object),
    ("eventNotification.publishedEvents", Kind::List),
    ("eventNotification.publishedEvents[]", Kind::Object),
    ("eventNotification.publishedEvents[].name", Kind::Text),
    ("eventNotification.publishedEvents[].description", Kind::Text),
    ("eventNotification.publishedEvents[].specification", Kind::List),
    ("eventNotification.publishedEvents[].specification[]", Kind::Object),
    ("eventNotification.publishedEvents[].specification[].url", Kind::Text),
    ("eventNotification.publishedEvents[].specification[].version", Kind::Text),
    ("eventNotification.publishedEvents[].specification[].apiType", Kind::Text),
    ("eventNotification.publishedEvents[].specification[].implementation", Kind::Text),
    ("eventNotification.publishedEvents[].specification[].hub", Kind::Text),
    ("eventNotification.publishedEvents[].specification[].port", Kind::Number),
    ("eventNotification.subscribedEvents", Kind::List),
    ("securityFunction", Kind::Object),
    ("securityFunction.canvasSystemRole", Kind::Text),
];

/// What the CRD requires of an API that is exposed; and what it requires either there or in the
/// first specification, from which the canvas makes the route of its gateway.
const REQUIRED_OF_AN_API: &[&str] = &["name", "specification"];
const REQUIRED_OF_A_ROUTE: &[&str] = &["apiType", "implementation", "path", "port"];

/// The types of APIs that the CRD knows in the core function.
const API_TYPES: &[&str] = &["openapi", "mcp"];

/// What the tests of conformance of TM Forum want of a component beside the CRD.
const REQUIRED_OF_A_COMPONENT: &[&str] = &[
    "componentMetadata.id",
    "componentMetadata.name",
    "componentMetadata.version",
    "componentMetadata.description",
    "coreFunction.exposedAPIs",
    "coreFunction.dependentAPIs",
    "securityFunction.canvasSystemRole",
];

/// Every member below, as the schema names them.
fn walk<'a>(path: &str, yaml: &'a Yaml, found: &mut Vec<(String, &'a Yaml)>) {
    let mut visit = |path: String, yaml: &'a Yaml| {
        walk(&path, yaml, found);
        found.push((path, yaml));
    };
    match yaml {
        Yaml::Hash(_) => {
            for (name, value) in members(yaml) {
                visit(
                    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") },
                    value,
                );
            }
        }
        Yaml::Array(items) => items.iter().for_each(|item| visit(format!("{path}[]"), item)),
        _ => {}
    }
}

/// Whether Kubernetes takes it for the name of an object of any kind (a label of RFC 1123).
fn is_name(text: &str) -> bool {
    let is_inner = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    let edges = [text.chars().next(), text.chars().last()];
    text.len() <= 63
        && text.chars().all(is_inner)
        && edges.iter().all(|it| it.is_some_and(|it| it != '-'))
}

#[test]
fn a_canvas_takes_the_component() {
    let component = document(COMPONENT);
    assert_eq!(string(&component["apiVersion"]), "oda.tmforum.org/v1");
    assert_eq!(string(&component["kind"]), "Component");
    let spec = &component["spec"];
    let mut found = Vec::new();
    walk("", spec, &mut found);
    for (path, value) in &found {
        let expected = SCHEMA.iter().find(|(it, _)| it == path);
        let (_, kind) = expected.unwrap_or_else(|| panic!("no canvas reads {path}"));
        assert_eq!(Kind::of(value), Some(*kind), "{path}");
    }
    for required in REQUIRED_OF_A_COMPONENT {
        assert!(found.iter().any(|(path, _)| path == required), "{required} is missing");
    }
    let application = &manifest()["application"];
    let version = string(&spec["componentMetadata"]["version"]);
    assert_eq!(version, application["version"].as_str().unwrap());

    for api in list(&spec["coreFunction"]["exposedAPIs"]) {
        for required in REQUIRED_OF_AN_API {
            assert!(!api[*required].is_badvalue(), "{required} is missing: {api:?}");
        }
        let specifications = list(&api["specification"]);
        for required in REQUIRED_OF_A_ROUTE {
            let there = !api[*required].is_badvalue();
            let each = specifications.iter().all(|it| !it[*required].is_badvalue());
            assert!(there || each && !specifications.is_empty(), "{required} is missing: {api:?}");
        }
        assert!(API_TYPES.contains(&string(&api["apiType"])));
    }

    // What the canvas names after them: a route for each version, a notification for each topic.
    let name = name_of(&component);
    for api in list(&spec["coreFunction"]["exposedAPIs"]) {
        for specification in list(&api["specification"]) {
            let major = string(&specification["version"]).split('.').next().unwrap();
            let made = format!("{name}-{}-{major}", string(&api["name"]));
            assert!(is_name(&made), "{made}");
        }
    }
    for topic in list(&spec["eventNotification"]["publishedEvents"]) {
        let made = format!("{name}-{}", string(&topic["name"]));
        assert!(is_name(&made), "{made}");
        assert!(!list(&topic["specification"]).is_empty(), "{made}");
    }
}

/// The paths below which an API in a version is served, such as `/tmf-api/accountManagement/v5`.
fn base_paths() -> Vec<String> {
    let routes = routes();
    let routes = routes.iter().filter_map(|(route, _)| route.strip_suffix("/openapi.json"));
    let mut paths: Vec<_> = routes.filter(|it| !it.contains("/:")).map(str::to_owned).collect();
    paths.sort();
    paths
}

#[test]
fn the_component_exposes_each_api_in_each_version_where_it_is_served() {
    let component = document(COMPONENT);
    let spec = &component["spec"];
    let routes = routes();
    let is_served = |path: &str| routes.iter().any(|(route, _)| route == path);

    let mut exposed = Vec::new();
    for api in list(&spec["coreFunction"]["exposedAPIs"]) {
        for specification in list(&api["specification"]) {
            let path = string(&specification["path"]);
            let major = string(&specification["version"]).split('.').next().unwrap();
            assert!(path.ends_with(&format!("/{major}")), "{path} is not {major}");
            let document = text(&format!("docs/openapi/{}-{major}.json", string(&api["id"])));
            assert!(document.contains(path), "{path} is another API's");
            assert!(is_served(&format!("{}...", string(&specification["developerUI"]))));
            exposed.push(path.to_owned());
        }
    }
    exposed.sort();
    assert_eq!(exposed, base_paths());

    let mut hubs = Vec::new();
    for topic in list(&spec["eventNotification"]["publishedEvents"]) {
        for specification in list(&topic["specification"]) {
            let hub = string(&specification["hub"]);
            assert!(is_served(&format!("{hub}/...")), "{hub}");
            let major = string(&specification["version"]).split('.').next().unwrap();
            assert!(hub.ends_with(&format!("/{major}/hub")), "{hub} is not {major}");
            hubs.push(hub.strip_suffix("/hub").unwrap().to_owned());
        }
    }
    hubs.sort();
    assert_eq!(hubs, base_paths());
}

#[test]
fn the_component_is_implemented_by_a_service_of_the_application() {
    let (component, service) = (document(COMPONENT), document("deploy/oda/service.yaml"));
    let label = "oda.tmforum.org/componentName";
    for object in [&component, &service] {
        assert_eq!(string(&object["metadata"]["labels"][label]), name_of(&component));
    }
    let app = document(SPIN_APP);
    let selector = &service["spec"]["selector"];
    assert_eq!(string(&selector["core.spinkube.dev/app-name"]), name_of(&app));
    let mut found = Vec::new();
    walk("", &component["spec"], &mut found);
    let values = |name: &str| {
        let found = found.iter().filter(|(path, _)| path.ends_with(&format!(".{name}")));
        found.map(|(_, value)| *value).collect::<Vec<_>>()
    };
    let (implementations, ports) = (values("implementation"), values("port"));
    assert!(implementations.len() >= 6 && ports.len() == implementations.len());
    assert!(implementations.iter().all(|it| string(it) == name_of(&service)));
    let port = &list(&service["spec"]["ports"])[0]["port"];
    assert!(ports.iter().all(|it| *it == port));
}
