//! The differences that are meant, with their reasons.

/// A difference, in the versions that have it.
struct Known {
    versions: &'static [&'static str],
    differences: &'static [&'static str],
    reason: &'static str,
}

const KNOWN: &[Known] = &[];

/// What came of comparing the differences that were found with those that are known.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Those that are meant, and why.
    pub known: Vec<(String, &'static str)>,
    /// Those that are not.
    pub unknown: Vec<String>,
    /// Those that are known and were not found.
    pub gone: Vec<&'static str>,
}

/// Compares what was found in a version with what is known of it.
pub fn judge(version: &str, found: Vec<String>) -> Judged {
    judge_by(KNOWN, version, found)
}

fn judge_by(known: &[Known], version: &str, found: Vec<String>) -> Judged {
    let known = known.iter().filter(|known| known.versions.contains(&version));
    let known = known.flat_map(|known| known.differences.iter().map(|it| (*it, known.reason)));
    let mut judged = Judged::default();
    judged.gone = known
        .clone()
        .map(|(it, _)| it)
        .filter(|it| !found.iter().any(|found| found == it))
        .collect();
    for difference in found {
        match known.clone().find(|(it, _)| *it == difference) {
            Some((_, reason)) => judged.known.push((difference, reason)),
            None => judged.unknown.push(difference),
        }
    }
    judged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told_from_what_is_not() {
        let known =
            [Known { versions: &["A-v5"], differences: &["x differs", "y differs"], reason: "so" }];
        let found = || vec!["x differs".to_owned(), "z differs".to_owned()];
        assert_eq!(
            judge_by(&known, "A-v5", found()),
            Judged {
                known: vec![("x differs".to_owned(), "so")],
                unknown: vec!["z differs".to_owned()],
                gone: vec!["y differs"],
            }
        );
        let elsewhere = judge_by(&known, "A-v4", found());
        assert_eq!((elsewhere.unknown, elsewhere.gone), (found(), Vec::new()));
    }
}
