//! Instants that mean days: the API writes a date without a time as the beginning of that day (UTC).

/// Whether an instant is the beginning of a day.
pub fn is_day(instant: &str) -> bool {
    let time = instant.get(10..).unwrap_or_default();
    matches!(time, "T00:00Z" | "T00:00:00Z" | "T00:00:00.000Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight() {
        assert!(is_day("2026-11-01T00:00:00.000Z") && is_day("2026-11-01T00:00:00Z"));
        for instant in ["2026-11-01T00:00:01.000Z", "2026-11-01T00:00:00+01:00", "2026-11-01", ""] {
            assert!(!is_day(instant), "{instant}");
        }
    }
}
