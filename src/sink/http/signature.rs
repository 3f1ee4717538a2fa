//! HMAC-SHA256, by which a receiver knows who sent it.

use openssl::base64::encode_block;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

fn hmac_sha256(secret: &str, data: &[u8]) -> Result<Vec<u8>, String> {
    let sign = || {
        let key = PKey::hmac(secret.as_bytes())?;
        Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(data)
    };
    sign().map_err(|error| format!("cannot sign: {error}"))
}

/// The value of `X-Pelton-Signature`.
pub fn of_body(secret: &str, body: &[u8]) -> Result<String, String> {
    let digest = hmac_sha256(secret, body)?;
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha256={hex}"))
}

/// DingTalk's `sign`, not yet URL-encoded.
pub fn of_time(secret: &str, timestamp_ms: u128) -> Result<String, String> {
    let text = format!("{timestamp_ms}\n{secret}");
    Ok(encode_block(&hmac_sha256(secret, text.as_bytes())?))
}

#[cfg(test)]
mod tests {
    use super::{of_body, of_time};

    /// RFC 4231, test case 2.
    #[test]
    fn published_vectors() {
        assert_eq!(
            of_body("Jefe", b"what do ya want for nothing?").unwrap(),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    /// Computed with Python's hmac, hashlib and base64.
    #[test]
    fn signature_of_a_time() {
        assert_eq!(
            of_time("SECabc", 1_577_262_236_757).unwrap(),
            "I5TKCOTTj6fad4sJ4q9RsIffw0PAChVQZQGTdtRbNEQ="
        );
    }
}
