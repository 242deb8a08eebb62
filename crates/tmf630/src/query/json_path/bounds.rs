//! That nothing costs more than its bound says.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::JsonPath;
use super::cost::{Shape, bound};
use super::tests::document;
use crate::budget::Budget;

fn accounts_like() -> Vec<(&'static str, Value)> {
    let mut deep = json!([1]);
    for _ in 0..60 {
        deep = json!([deep, deep.is_null()]);
    }
    let wide: Vec<_> = (0..20_000).map(|n| json!({ "a": n, "b": "x".repeat(8) })).collect();
    vec![("an account", document()), ("deep", json!({ "a": deep })), ("wide", json!({ "a": wide }))]
}

/// Prints how long a charged step takes: at most some nanoseconds natively, to leave room for Wasm.
#[test]
fn what_is_evaluated_was_charged() {
    let texts = [
        "$..*",
        "$..*..*",
        "$..[*,*,*,*,*,*,*,*][*,*,*,*,*,*,*,*]",
        "$[*,*][*,*][*,*][*,*][*,*][*,*]",
        "$..[?@..a]",
        "$..[?count(@..*)>0]",
        "$.a[?$.a[?@.a==1]]",
        "$.a[?$.a[?$.a]]",
        "$.a[?@ == $.a[0]]",
        "$..[?@ == @]",
        "$..[?@.a == @.b && @.b == 'x' && @.a < 100.5 && 1==1 && 2==2 && 'aaaa' == 'aaaa']",
        "$.a[?@.b =~ /(x?){40}y/]",
        "$..[?search(@, 'x*y')]",
        "relatedParty[?(@.role=='owner')]",
    ];
    for (name, document) in accounts_like() {
        for text in texts {
            let path = JsonPath::parse("filter", text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
            for located in [false, true] {
                let budget = Budget::default();
                let begin = std::time::Instant::now();
                let refused = match located {
                    true => path.pointers(&document, &budget).is_err(),
                    false => path.matches(&document, &budget).is_err(),
                };
                let elapsed = begin.elapsed();
                let (each, steps) =
                    (elapsed.as_nanos() as f64 / budget.spent() as f64, budget.spent());
                println!(
                    "{name} {text} {located}: {steps} steps of {each:.1} ns, {elapsed:?}, refused: {refused}"
                );
                // What is refused takes no time.
                assert!(elapsed.as_secs() < 2, "{text} on {name}");
            }
        }
    }
}

#[test]
fn what_multiplies_is_multiplied() {
    let steps = |text: &str, document: &Value| {
        let path = JsonPath::parse("filter", text).unwrap();
        let (steps, count) = bound(&path.structure, Shape::of(document), false);
        assert!(path.path.query(document).len() as u64 <= count, "{text}");
        steps
    };
    // Unions lead to the same values again.
    steps("$[*,*][*,*]", &json!([[1, 2], [3, 4]]));
    steps("$[*,*,*]['a','a'].*", &json!({ "b": { "a": [1, 2, 3] } }));
    // An absolute path in a filter begins anew for every element.
    let list = json!({ "a": vec![0; 20] });
    assert!(steps("$.a[?$.a[?$.a[?@ == 1]]]", &list) >= 20 * 20 * 20);
    assert!(steps("$.a[?@ == 1]", &list) < 20 * 100);
    // Two values are compared with all that is in them, and a value with a text is not.
    for deep in ["$.a[?$ == $]", "$.a[?value($) == value($)]", "$.a[?$ == value($)]"] {
        let (left, _) = deep.split_once(" == ").unwrap();
        let least = steps(&format!("{left} == 1]"), &list) + 20 * 20 * 6;
        assert!(steps(deep, &list) > least, "{deep}");
    }
}

fn any_document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (0..3).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ];
    let within = leaf.prop_recursive(5, 60, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 1..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    });
    (within.clone(), within).prop_map(|(a, b)| json!({ "a": [a, [b]] }))
}

fn any_segments() -> impl Strategy<Value = String> {
    let plain = prop::sample::select(
        &[
            ".a",
            "['b']",
            ".c",
            "[0]",
            "[-1]",
            "[*]",
            ".*",
            "[1:]",
            "[::-1]",
            "['a','b',*]",
            "..*",
            "..*",
            "..[*,*]",
            "[*,*]",
            "..a",
            "..*",
            "..[0,*]",
        ][..],
    );
    let segment = plain.prop_map(str::to_owned).prop_recursive(3, 12, 4, |inner| {
        let path = prop::collection::vec(inner, 0..3).prop_map(|segments| segments.concat());
        let root = prop::sample::select(&["@", "$"][..]);
        let form = prop::sample::select(
            &[
                "P",
                "!P",
                "P == Q",
                "P < 2",
                "count(P) > 1",
                "(P || Q) && P",
                "search(P, 'a')",
                "length(P) == 1",
            ][..],
        );
        let dots = prop::sample::select(&["", "..", "["][..]);
        (dots, form, root, path.clone(), path).prop_map(|(dots, form, root, p, q)| {
            let condition = form.replace('P', &format!("{root}{p}")).replace('Q', &format!("@{q}"));
            match dots {
                "[" => format!("[*,?{condition}]"),
                dots => format!("{dots}[?{condition}]"),
            }
        })
    });
    prop::collection::vec(segment, 0..4).prop_map(|segments| segments.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// No expression leads to more than its bound says.
    #[test]
    fn a_bound_is_one(segments in any_segments(), document in any_document()) {
        let Ok(path) = JsonPath::parse("filter", &format!("${segments}")) else { return Ok(()) };
        let (steps, count) = bound(&path.structure, Shape::of(&document), false);
        let found = path.patterns.during(1_000_000, || path.path.query(&document).len() as u64);
        let Some((found, _)) = found else { return Ok(()) };
        prop_assert!(found <= count && count <= steps, "{found} {count} {steps}");
    }
}
