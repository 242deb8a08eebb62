//! A bill for people, on screens and on A4.
//!
//! Escaping is a function of this file: five characters are not worth a template engine, and the
//! document is written in pieces.

use std::fmt::{Display, Formatter, Result, Write};

use serde_json::Value;

use crate::read::{self, Amount};

/// The media type of what is written here.
pub const MEDIA_TYPE: &str = "text/html;charset=utf-8";

const STYLE: &str = include_str!("style.css");

/// What the document may do where a browser shows it: have a style, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// What is said of the bill before its parties, and where it stands.
const FACTS: [(&str, &[&str]); 9] = [
    ("State", &["state"]),
    ("Category", &["category"]),
    ("Billing account", &["billingAccount", "name"]),
    ("Account number", &["billingAccount", "id"]),
    ("Financial account", &["financialAccount", "name"]),
    ("Bill cycle", &["billCycle", "name"]),
    ("Payment method", &["paymentMethod", "name"]),
    ("Run", &["runType"]),
    ("Bill id", &["id"]),
];

/// The columns of items: what they are called, how wide they are in per cent, whether they are
/// amounts.
const COLUMNS: [(&str, u8, bool); 7] = [
    ("Date", 11, false),
    ("Item", 24, false),
    ("Period", 12, false),
    ("Type", 14, false),
    ("Without tax", 13, true),
    ("Tax", 13, true),
    ("With tax", 13, true),
];

/// The whole document.
pub fn document<'a>(bill: &Value, items: impl IntoIterator<Item = &'a Value>) -> String {
    let mut document = String::new();
    // Writing to a string cannot fail.
    let _ = head(&mut document, bill);
    for item in items {
        let _ = self::item(&mut document, item);
    }
    let _ = foot(&mut document, bill);
    document
}

/// What comes before the items: the bill's number, dates and parties, and the head of the table of
/// items.
pub fn head(out: &mut impl Write, bill: &Value) -> Result {
    let number = read::text(bill, &["billNo"]).unwrap_or_default();
    let title = format!("Bill {number}");
    let title = Escaped(title.trim_end());
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    )?;
    facts(out, bill)?;
    parties(out, read::elements(bill, "relatedParty"))?;
    out.write_str("<table class=\"items\">\n<caption>Items</caption>\n<colgroup>")?;
    for (_, width, _) in COLUMNS {
        write!(out, "<col style=\"width: {width}%\">")?;
    }
    out.write_str("</colgroup>\n<thead>\n<tr>")?;
    for (name, _, is_amount) in COLUMNS {
        let class = if is_amount { " class=\"amount\"" } else { "" };
        write!(out, "<th scope=\"col\"{class}>{name}</th>")?;
    }
    out.write_str("</tr>\n</thead>\n<tbody>\n")
}

/// The row of one item.
pub fn item(out: &mut impl Write, item: &Value) -> Result {
    let name = read::text(item, &["name"]);
    let description = read::text(item, &["description"]);
    let product = read::text(item, &["product", "name"]);
    let title = name.or(product).or(description).unwrap_or("Item");
    write!(out, "<tr><td>{}</td><th scope=\"row\">{}", Time::of(item, &["date"]), Escaped(title))?;
    if let Some(description) = description.filter(|description| *description != title) {
        write!(out, "<div class=\"description\">{}</div>", Escaped(description))?;
    }
    write!(out, "</th><td>{}</td>", Period(item, "periodCoverage"))?;
    let kind = read::text(item, &["appliedBillingRateType"]).unwrap_or_default();
    write!(out, "<td>{}</td>", Escaped(kind))?;
    amount(out, Amount::of(item, "taxExcludedAmount"))?;
    out.write_str("<td class=\"amount\">")?;
    for tax in read::elements(item, "appliedTax") {
        write!(out, "<div>{}", Escaped(&read::tax(tax)))?;
        if let Some(amount) = Amount::of(tax, "taxAmount") {
            write!(out, " {amount}")?;
        }
        out.write_str("</div>")?;
    }
    out.write_str("</td>")?;
    amount(out, Amount::of(item, "taxIncludedAmount"))?;
    out.write_str("</tr>\n")
}

/// What comes after the items: taxes, totals, payments, and what remains.
pub fn foot(out: &mut impl Write, bill: &Value) -> Result {
    out.write_str("</tbody>\n</table>\n")?;
    let taxes = read::elements(bill, "taxItem");
    let taxes = taxes.iter().map(|tax| (read::tax(tax), Amount::of(tax, "taxAmount")));
    let total = |name: &str, attribute| (name.to_owned(), Amount::of(bill, attribute));
    let totals = [total("Total without tax", "taxExcludedAmount")]
        .into_iter()
        .chain(taxes)
        .chain([total("Total with tax", "taxIncludedAmount"), total("Amount due", "amountDue")]);
    closing(out, "Totals", "", totals)?;
    let payments = read::elements(bill, "appliedPayment").iter().map(|payment| {
        let [name, id] = ["name", "id"].map(|name| read::text(payment, &["payment", name]));
        (name.or(id).unwrap_or("Payment").to_owned(), Amount::of(payment, "appliedAmount"))
    });
    closing(out, "Payments", "", payments)?;
    closing(out, "To pay", " due", [total("Remaining amount", "remainingAmount")])?;
    out.write_str("</main>\n</body>\n</html>\n")
}

fn facts(out: &mut impl Write, bill: &Value) -> Result {
    out.write_str("<dl>\n")?;
    let mut fact = |name: &str, value: &dyn Display, is_there: bool| {
        if is_there { writeln!(out, "<dt>{name}</dt><dd>{value}</dd>") } else { Ok(()) }
    };
    let number = read::text(bill, &["billNo"]).unwrap_or_default();
    fact("Bill number", &Escaped(number), !number.is_empty())?;
    fact("Bill date", &Time::of(bill, &["billDate"]), bill["billDate"].is_string())?;
    fact("Billing period", &Period(bill, "billingPeriod"), bill["billingPeriod"].is_object())?;
    fact("Due date", &Time::of(bill, &["paymentDueDate"]), bill["paymentDueDate"].is_string())?;
    for (name, path) in FACTS {
        let value = read::text(bill, path).unwrap_or_default();
        fact(name, &Escaped(value), !value.is_empty())?;
    }
    out.write_str("</dl>\n")
}

fn parties(out: &mut impl Write, parties: &[Value]) -> Result {
    if parties.is_empty() {
        return Ok(());
    }
    out.write_str(
        "<table>\n<caption>Parties</caption>\n<thead>\n<tr><th scope=\"col\">Role</th><th scope=\"col\">Name</th>\
         <th scope=\"col\">Id</th></tr>\n</thead>\n<tbody>\n",
    )?;
    for party in parties {
        let text = |path: &[&str]| read::text(party, path);
        let name = text(&["partyOrPartyRole", "name"])
            .or_else(|| text(&["partyOrPartyRole", "partyName"]));
        let cells = [text(&["role"]), name, text(&["partyOrPartyRole", "id"])];
        let [role, name, id] = cells.map(|cell| Escaped(cell.unwrap_or_default()));
        writeln!(out, "<tr><td>{role}</td><th scope=\"row\">{name}</th><td>{id}</td></tr>")?;
    }
    out.write_str("</tbody>\n</table>\n")
}

/// A table of what amounts are for, and the amounts; nothing if there are none.
fn closing(
    out: &mut impl Write,
    caption: &str,
    class: &str,
    rows: impl IntoIterator<Item = (String, Option<Amount>)>,
) -> Result {
    let mut rows = rows.into_iter().filter(|(_, amount)| amount.is_some()).peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    write!(out, "<table class=\"closing{class}\">\n<caption>{caption}</caption>\n<tbody>\n")?;
    for (name, money) in rows {
        write!(out, "<tr><th scope=\"row\">{}</th>", Escaped(&name))?;
        amount(out, money)?;
        out.write_str("</tr>\n")?;
    }
    out.write_str("</tbody>\n</table>\n")
}

fn amount(out: &mut impl Write, amount: Option<Amount>) -> Result {
    out.write_str("<td class=\"amount\">")?;
    if let Some(amount) = amount {
        write!(out, "{amount}")?;
    }
    out.write_str("</td>")
}

/// As HTML.
impl Display for Amount {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        write!(formatter, "{}\u{a0}{}", Escaped(&self.digits), Escaped(&self.unit))
    }
}

/// A date and time: the date is shown, the time is kept for programs. Any other text is shown as it
/// is.
struct Time<'a>(&'a str);

impl<'a> Time<'a> {
    fn of(document: &'a Value, path: &[&str]) -> Self {
        Self(read::text(document, path).unwrap_or_default())
    }
}

impl Display for Time<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match self.0.split_once(['T', 't']) {
            Some((date, time)) if date.len() == 10 && is_of(date, "-") && is_of(time, ":.+-Zz") => {
                write!(formatter, "<time datetime=\"{}\">{date}</time>", self.0)
            }
            _ => Escaped(self.0).fmt(formatter),
        }
    }
}

/// Whether a text has only digits and these signs.
fn is_of(text: &str, signs: &str) -> bool {
    text.chars().all(|sign| sign.is_ascii_digit() || signs.contains(sign))
}

/// A period of time that a document has by a name.
struct Period<'a>(&'a Value, &'a str);

impl Display for Period<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let Self(document, name) = self;
        let [start, end] =
            ["startDateTime", "endDateTime"].map(|end| Time::of(document, &[name, end]));
        match (start.0, end.0) {
            ("", "") => Ok(()),
            (_, "") => write!(formatter, "from {start}"),
            ("", _) => write!(formatter, "until {end}"),
            _ => write!(formatter, "{start} – {end}"),
        }
    }
}

/// Text that is no markup, between tags or in an attribute. Control characters are none that HTML
/// may have.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let is_special = |sign: char| {
            matches!(sign, '&' | '<' | '>' | '"' | '\'')
                || (sign.is_control() && !matches!(sign, '\t' | '\n'))
        };
        let mut rest = self.0;
        while let Some((at, sign)) = rest.char_indices().find(|(_, sign)| is_special(*sign)) {
            formatter.write_str(&rest[..at])?;
            formatter.write_str(match sign {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&#39;",
                '\r' => " ",
                _ => "\u{fffd}",
            })?;
            rest = &rest[at + sign.len_utf8()..];
        }
        formatter.write_str(rest)
    }
}
