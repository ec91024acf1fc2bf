//! Cached responses and accepted encodings of a caller: `If-None-Match` and `Accept-Encoding` (RFC 9110).
//!
//! Entity tags are weak. One tag stands for a response in every encoding, and a seat map contains its time besides
//! the seats, which does not make it a different map.

use flate2::{Compression, write::GzEncoder};
use lambda_http::http::{
    HeaderMap,
    header::{ACCEPT_ENCODING, HeaderName, IF_NONE_MATCH},
};
use sha2::{Digest, Sha256};
use std::io::Write;

/// Caching and compression that a request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Accepts {
    /// The tags of responses that the caller has cached; `*` for any.
    has: Vec<String>,
    /// Whether the caller accepts gzip.
    pub(crate) gzip: bool,
}

impl Accepts {
    /// Reads the headers of a `GET`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let has = parts(headers, &IF_NONE_MATCH).map(|tag| tag.trim_start_matches("W/").to_owned());
        Self { has: has.collect(), gzip: reads_gzip(headers) }
    }

    /// Whether the caller has the response with this tag. Tags are compared weakly, as the RFC requires for `GET`.
    pub(crate) fn has(&self, tag: &str) -> bool {
        self.has.iter().any(|had| had == "*" || had == tag.trim_start_matches("W/"))
    }
}

/// A weak tag that is equal for responses with equal `content`.
pub fn entity_tag(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let text: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{text}\"")
}

/// Compresses `bytes` with gzip at the fast level, because the caller waits for it.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}

fn reads_gzip(headers: &HeaderMap) -> bool {
    let weight = |coding: &str| {
        let coding = parts(headers, &ACCEPT_ENCODING)
            .find(|part| part.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(coding)))?;
        let weight = coding.split(';').skip(1).find_map(|parameter| parameter.trim().strip_prefix("q="));
        Some(weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)))
    };
    weight("gzip").or_else(|| weight("*")).unwrap_or(false)
}

/// The comma-separated parts of a header, even if it was sent several times. The tags of this API contain no commas.
fn parts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use lambda_http::http::HeaderValue;
    use std::io::Read;

    fn accepts(name: HeaderName, values: &[&'static str]) -> Accepts {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        Accepts::of(&headers)
    }

    #[test]
    fn if_none_match_accepts_weak_tags_and_lists() {
        let tag = entity_tag(b"map");
        assert!(tag.starts_with("W/\"") && tag.ends_with('"') && tag != entity_tag(b"another"));
        let has = |values: &[&'static str]| accepts(IF_NONE_MATCH, values).has(&tag);
        let leak = |text: String| -> &'static str { text.leak() };
        assert!(has(&[leak(tag.clone())]));
        assert!(has(&[leak(tag.replace("W/", ""))]));
        assert!(has(&[leak(format!("\"x\", {tag} ,\"y\""))]));
        assert!(has(&["\"x\"", leak(tag.clone())]));
        assert!(has(&["*"]));
        assert!(!has(&["\"x\"", "W/\"\"", "", "W/"]));
        assert!(!has(&[leak(tag.replace('"', ""))]));
        assert!(!has(&[]));
    }

    #[test]
    fn gzip_needs_an_accept_encoding_that_allows_it() {
        for yes in ["gzip", "deflate, gzip;q=1.0, *;q=0.5", "GZIP", "*", "br, gzip ; q=0.1", "gzip;q=0.001"] {
            assert!(accepts(ACCEPT_ENCODING, &[yes]).gzip, "{yes}");
        }
        for no in ["", "identity", "br", "gzip;q=0", "gzip;q=0.0, *", "*;q=0", "gzip;q=x", "xgzip"] {
            assert!(!accepts(ACCEPT_ENCODING, &[no]).gzip, "{no}");
        }
        assert!(!Accepts::default().gzip);
    }

    #[test]
    fn compressed_bodies_decompress() {
        let text = "seat ".repeat(10_000);
        let small = gzip(text.as_bytes());
        assert!(small.len() < text.len() / 20);
        let mut read = String::new();
        GzDecoder::new(&small[..]).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
    }
}
