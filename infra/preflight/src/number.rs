//! Numbers for readers.

/// Formats a number with thousands separators, and with decimals if it is small.
pub(crate) fn number(value: f64) -> String {
    let text = if value > 0.0 && value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") };
    let (whole, decimals) = text.split_once('.').map_or((text.as_str(), ""), |(whole, decimals)| (whole, decimals));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match decimals.trim_end_matches('0') {
        "" => grouped,
        decimals => format!("{grouped}.{decimals}"),
    }
}
