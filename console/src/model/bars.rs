//! Bars of a chart: how long amounts are drawn beside each other.

use money::Decimal;

/// A bar, in parts of the chart's width between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    pub start: f64,
    pub length: f64,
}

/// Bars of amounts that share an axis, and where their zero is. Drawing is not counting: here, and
/// only here, an amount may be a floating point number.
pub fn bars(amounts: &[Decimal]) -> (Vec<Bar>, f64) {
    let numbers = amounts.iter().map(|amount| amount.to_string().parse::<f64>().unwrap_or(0.0));
    let numbers: Vec<_> = numbers.collect();
    let least = numbers.iter().copied().fold(0.0, f64::min);
    let most = numbers.iter().copied().fold(0.0, f64::max);
    let width = if most > least { most - least } else { 1.0 };
    let place = |number: f64| (number - least) / width;
    let bar = |number: &f64| {
        let (start, end) = (place(number.min(0.0)), place(number.max(0.0)));
        Bar { start, length: end - start }
    };
    (numbers.iter().map(bar).collect(), place(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(amounts: &[i64]) -> (Vec<Bar>, f64) {
        bars(&amounts.iter().map(|amount| Decimal::from(*amount)).collect::<Vec<_>>())
    }

    #[test]
    fn bars_begin_at_zero() {
        let (bars, zero) = of(&[50, 100]);
        assert_eq!(zero, 0.0);
        assert_eq!(bars, [Bar { start: 0.0, length: 0.5 }, Bar { start: 0.0, length: 1.0 }]);
        let (bars, zero) = of(&[-50, 150]);
        assert_eq!(zero, 0.25);
        assert_eq!(bars, [Bar { start: 0.0, length: 0.25 }, Bar { start: 0.25, length: 0.75 }]);
    }

    #[test]
    fn nothing_has_no_length() {
        assert_eq!(of(&[0, 0]).0, [Bar { start: 0.0, length: 0.0 }; 2]);
        assert_eq!(of(&[]).0, []);
    }
}
