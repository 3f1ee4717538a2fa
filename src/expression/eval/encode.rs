//! Digests and encodings of texts, and the parts of a URL.

use std::fmt::Write;

use openssl::base64::{decode_block, encode_block};
use openssl::hash::MessageDigest;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::super::registry::Function;
use super::frame::Frame;
use crate::record::ColumnRef;

/// What Java's URLEncoder leaves as it is, the blank aside.
const KEPT: AsciiSet =
    NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'*').remove(b'_').remove(b' ');

pub fn evaluate(function: Function, frame: &mut Frame) -> ColumnRef {
    let a = frame.args[0].clone();
    let is_text = a.column.as_strings().is_some();
    match function {
        Function::FromBase64 => frame.strings(|row, out| {
            let text = std::str::from_utf8(a.bytes(row)).unwrap_or_default();
            // Java takes it without the padding, too.
            let padding = if text.ends_with('=') { 0 } else { (4 - text.len() % 4) % 4 };
            let bytes = decode_block(&[text, &"==="[..padding]].concat()).ok();
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            Ok(text.map(|text| out.push_str(&text)))
        }),
        Function::UrlDecode => frame.strings(|row, out| {
            let text = a.str(row).replace('+', " ");
            let digits = |code: &str| {
                code.as_bytes().get(..2).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit))
            };
            if !text.split('%').skip(1).all(digits) {
                return Ok(None);
            }
            out.push_str(&percent_decode_str(&text).decode_utf8_lossy());
            Ok(Some(()))
        }),
        Function::ParseUrl => parse_url(frame),
        Function::Bin => frame.strings(|row, out| {
            let _ = write!(out, "{:b}", a.i64(row));
            Ok(Some(()))
        }),
        Function::InetAton => frame.i64s(|row| Ok(address(a.str(row)))),
        Function::InetNtoa => frame.strings(|row, out| {
            let number = u32::try_from(a.i64(row)).ok().map(std::net::Ipv4Addr::from);
            Ok(number.and_then(|address| write!(out, "{address}").ok()))
        }),
        Function::Hex if !is_text => frame.strings(|row, out| {
            let _ = write!(out, "{:X}", a.i64(row));
            Ok(Some(()))
        }),
        _ => frame.strings(|row, out| encode(function, a.bytes(row), a.str(row), out).map(Some)),
    }
}

/// The number of an IPv4 address; where parts are missing, the last one stands at the end.
fn address(text: &str) -> Option<i64> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = Vec::new();
    for part in text.split('.') {
        let part = Some(part).filter(|part| digits(part))?;
        parts.push(part.parse::<i64>().ok().filter(|number| *number <= 255)?);
    }
    let last = parts.pop().filter(|_| parts.len() < 4)?;
    let before = parts.iter().enumerate().map(|(at, part)| part << (24 - 8 * at));
    Some(before.sum::<i64>() + last)
}

fn encode(function: Function, bytes: &[u8], text: &str, out: &mut String) -> Result<(), String> {
    let digest = match function {
        Function::Md5 => MessageDigest::md5(),
        Function::Sha1 => MessageDigest::sha1(),
        Function::Sha224 => MessageDigest::sha224(),
        Function::Sha256 => MessageDigest::sha256(),
        Function::Sha384 => MessageDigest::sha384(),
        Function::Sha512 => MessageDigest::sha512(),
        Function::ToBase64 => {
            out.push_str(&encode_block(bytes));
            return Ok(());
        }
        Function::UrlEncode => {
            let encoded = utf8_percent_encode(text, &KEPT).flat_map(str::chars);
            out.extend(encoded.map(|c| if c == ' ' { '+' } else { c }));
            return Ok(());
        }
        // HEX alone is left.
        _ => {
            bytes.iter().for_each(|byte| write_hex(*byte, true, out));
            return Ok(());
        }
    };
    let digest = openssl::hash::hash(digest, bytes);
    let digest = digest.map_err(|error| format!("no digest can be computed: {error}"))?;
    digest.iter().for_each(|byte| write_hex(*byte, false, out));
    Ok(())
}

fn write_hex(byte: u8, upper: bool, out: &mut String) {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    out.push(digits[usize::from(byte >> 4)] as char);
    out.push(digits[usize::from(byte & 15)] as char);
}

/// As Hive's and Flink's `parse_url`: NULL where the part is not there.
fn parse_url(frame: &mut Frame) -> ColumnRef {
    let [text, part] = [0, 1].map(|at| frame.args[at].clone());
    let key = frame.args.get(2).cloned();
    frame.strings(|row, out| {
        let text = text.str(row);
        // Java shows all parts as they are written, where the crate escapes them.
        let Some(url) = Url::parse(text).ok().and_then(|_| Written::of(text)) else {
            return Ok(None);
        };
        let key = key.as_ref().map(|key| key.str(row));
        let found = match (part.str(row), key) {
            ("QUERY", Some(key)) => url.query.and_then(|query| value_of(query, key)),
            (_, Some(_)) => None,
            ("HOST", _) => Some(url.host()),
            ("PATH", _) => Some(url.path),
            ("QUERY", _) => url.query,
            ("REF", _) => url.fragment,
            ("PROTOCOL", _) => Some(url.scheme),
            ("AUTHORITY", _) => Some(url.authority),
            ("USERINFO", _) => url.authority.rsplit_once('@').map(|it| it.0),
            ("FILE", _) => {
                out.push_str(url.path);
                url.query.into_iter().for_each(|query| out.extend(["?", query]));
                return Ok(Some(()));
            }
            _ => None,
        };
        Ok(found.map(|found| out.push_str(found)))
    })
}

/// The parts of a URL, with what parts them cut off.
struct Written<'a> {
    scheme: &'a str,
    authority: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Written<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let cut = |text: &'a str, at: char| match text.split_once(at) {
            Some((before, behind)) => (before, Some(behind)),
            None => (text, None),
        };
        let (rest, fragment) = cut(rest, '#');
        let (rest, query) = cut(rest, '?');
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Some(Self { scheme, authority, path, query, fragment })
    }

    /// Without the user and the port.
    fn host(&self) -> &'a str {
        let host = self.authority.rsplit_once('@').map_or(self.authority, |it| it.1);
        let end = host.rfind(']').map_or(0, |at| at + 1);
        host[end..].find(':').map_or(host, |at| &host[..end + at])
    }
}

fn value_of<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}
