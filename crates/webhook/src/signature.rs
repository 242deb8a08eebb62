//! How who is called can tell who calls, and that it was just now.

use std::fmt::Write as _;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The value of the header that signs `body`, sent `unix_seconds` after 1970, with `secret`:
/// `t=<seconds>,v1=<hex>`, where the digits are the HMAC-SHA256 of `<seconds>.<body>`, and its key is
/// the text of the secret.
pub fn signature(secret: &str, unix_seconds: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .expect("a key of HMAC can have any length");
    mac.update(format!("{unix_seconds}.").as_bytes());
    mac.update(body);
    format!("t={unix_seconds},v1={}", hex(&mac.finalize().into_bytes()))
}

/// A secret made of bytes that nobody can guess.
pub fn new_secret(random: [u8; 32]) -> String {
    hex(&random)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a text cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What whoever is called does.
    fn verify(secret: &str, header: &str, body: &[u8]) -> bool {
        let (time, digits) = header.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(&[time.as_bytes(), b".", body].concat());
        let bytes = digits.as_bytes().chunks(2).map(|digits| str::from_utf8(digits).unwrap());
        let bytes: Vec<_> = bytes.map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect();
        mac.verify_slice(&bytes).is_ok()
    }

    /// As `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret` has it.
    #[test]
    fn a_signature_is_what_other_programs_compute() {
        assert_eq!(
            signature("secret", 1_700_000_000, br#"{"a":1}"#),
            "t=1700000000,v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686"
        );
    }

    #[test]
    fn a_signature_is_for_one_secret_time_and_body() {
        let secret = new_secret([7; 32]);
        let header = signature(&secret, 1_700_000_000, b"body");
        assert!(verify(&secret, &header, b"body"));
        assert!(!verify(&new_secret([8; 32]), &header, b"body"));
        assert!(!verify(&secret, &header, b"Body"));
        assert!(!verify(&secret, &header.replace("t=17", "t=18"), b"body"));
        assert!(verify("", &signature("", 0, b""), b""));
    }

    #[test]
    fn a_secret_has_all_of_its_bytes() {
        let mut random = [0; 32];
        random[31] = 0xab;
        assert_eq!(new_secret(random), format!("{}ab", "0".repeat(62)));
    }
}
