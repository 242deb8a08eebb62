//! Callbacks that are anything, and which hosts a deployment lets them be at.

use std::net::IpAddr;

use webhook::{AllowedHosts, Callback, Retry, is_private_address};

/// Reads `data` as a callback, as the host of one, and as what a deployment says of them.
pub fn callback(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    look_at(&text);
    for prefix in ["http://", "https://a.example:1/", "http://[", "http://127.", "http://0x"] {
        look_at(&format!("{prefix}{text}"));
    }
    // It is an error or a list: there is nothing to look at.
    let _ = AllowedHosts::parse_list(&text);
    let _ = Retry::parse(&text, "3600", &text);
}

fn look_at(text: &str) {
    let Ok(callback) = Callback::parse(text) else { return };
    assert_eq!(callback.as_str(), text);
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
    let anywhere = AllowedHosts::parse(["http://*:*", "https://*:*"]).unwrap_or_default();
    assert!(anywhere.allow(callback.uri()));
    let host = callback.uri().host().unwrap_or_default();
    let host = host.trim_end_matches('.').trim_matches(['[', ']']);
    if let Ok(address) = host.parse::<IpAddr>() {
        assert_eq!(callback.is_private(), is_private_address(address), "{text}");
    }
    let listener = callback.with_listener("CustomerBillCreateEvent");
    assert!(listener.contains("/listener/customerBillCreateEvent"));
    match Callback::parse(&listener) {
        Ok(listener) => assert_eq!(listener.uri().authority(), callback.uri().authority()),
        Err(_) => assert!(listener.len() > 2048, "{text}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_callback_is_too_much(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            host in "[0-9a-fxA-FX.:%\\[\\]-]{0,20}",
            rest in "[/?#@:\\\\&=%a-z.]{0,20}",
        ) {
            callback(&bytes);
            callback(host.as_bytes());
            callback(format!("{host}{rest}").as_bytes());
            callback(format!("a{rest}").as_bytes());
        }
    }
}
