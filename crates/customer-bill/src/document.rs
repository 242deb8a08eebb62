//! A bill with its items, for who checks it: as a page that prints, as a table, or as JSON.

use bill_document::{csv, html};
use serde_json::Value;
use tmf630::Error;
use tmf630::model::behaviour::Part;
use tmf630::model::rule::Data;

use crate::in_order::{ITEM, on_bill};

/// What a bill can be seen as. The first is for who does not say.
pub(crate) const MEDIA_TYPES: [&str; 3] = ["text/html", "text/csv", "application/json"];

/// How many items are read together.
const ITEMS_AT_ONCE: usize = 500;

/// How long a document may be, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// The bill as a document, with the media type that says how its text is encoded.
pub(crate) async fn of(part: &Part<'_>, data: &dyn Data) -> Result<(&'static str, String), Error> {
    let Part { id, resource: bill, media_type, .. } = part;
    let form = match *media_type {
        "text/csv" => Form::Csv,
        "application/json" => Form::Json,
        _ => Form::Html,
    };
    // What was imported may name the bill of another account, which is none of this one's.
    let account = |document: &Value| document.pointer("/billingAccount/id").cloned();
    let is_own = |item: &Value| account(item).is_none_or(|it| Some(it) == account(bill));
    let mut text = String::new();
    form.head(&mut text, bill)?;
    let (mut after, mut is_first) = (None, true);
    loop {
        let entries = on_bill(id, after.as_deref(), ITEMS_AT_ONCE, data).await?;
        let ids: Vec<_> = entries.iter().map(|entry| entry.id.clone()).collect();
        // What cannot be read is not shown; that the sum does not add up then is true.
        let items = data.documents(ITEM, &ids).await?;
        let count = items.len();
        for mut item in items.into_iter().flatten().filter(is_own) {
            if let Some(item) = item.as_object_mut() {
                item.remove(tmf630::model::behaviour::HIDDEN);
            }
            form.item(&mut text, &item, is_first)?;
            is_first = false;
        }
        if text.len() > MAX_BYTES {
            let message =
                format!("It would have more than {MAX_BYTES} bytes. List its items instead.");
            return Err(Error::conflict("The document is too long", message));
        }
        if count == entries.len() && entries.len() < ITEMS_AT_ONCE {
            break;
        }
        after = entries.get(..count).and_then(<[_]>::last).map(|last| last.key.to_vec());
    }
    form.foot(&mut text, bill)?;
    Ok((form.media_type(), text))
}

/// What a bill is seen as.
#[derive(Debug, Clone, Copy)]
enum Form {
    Html,
    Csv,
    Json,
}

impl Form {
    fn media_type(self) -> &'static str {
        match self {
            Self::Html => html::MEDIA_TYPE,
            Self::Csv => csv::MEDIA_TYPE,
            Self::Json => "application/json",
        }
    }

    fn head(self, text: &mut String, bill: &Value) -> Result<(), Error> {
        match self {
            Self::Html => html::head(text, bill).map_err(Error::internal),
            Self::Csv => csv::head(text).map_err(Error::internal),
            Self::Json => {
                text.push_str(&format!("{{\"bill\":{bill},\"item\":["));
                Ok(())
            }
        }
    }

    fn item(self, text: &mut String, item: &Value, is_first: bool) -> Result<(), Error> {
        match self {
            Self::Html => html::item(text, item).map_err(Error::internal),
            Self::Csv => csv::item(text, item).map_err(Error::internal),
            Self::Json => {
                if !is_first {
                    text.push(',');
                }
                text.push_str(&item.to_string());
                Ok(())
            }
        }
    }

    fn foot(self, text: &mut String, bill: &Value) -> Result<(), Error> {
        match self {
            Self::Html => html::foot(text, bill).map_err(Error::internal),
            Self::Csv => Ok(()),
            Self::Json => {
                text.push_str("]}");
                Ok(())
            }
        }
    }
}
