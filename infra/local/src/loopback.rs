//! Access control of the local stack's own pages: programs on this machine, and pages that it served. Another site's page can
//! send requests here, and can make its host name resolve to this machine; but it cannot forge `Origin` and `Host`.

use http::{
    header::{HOST, ORIGIN},
    request::Parts,
    uri::Authority,
};
use std::net::IpAddr;

/// Whether the request was sent to a name of this machine, and not by another site's page.
pub(crate) fn may_ask(parts: &Parts) -> bool {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) else { return false };
    let same_origin = |origin: &str| origin.strip_prefix("http://").is_some_and(|from| from.eq_ignore_ascii_case(host));
    let asked_by = parts.headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    is_this_machine(host) && asked_by.is_none_or(same_origin)
}

fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn may(hosts: &[&str], origin: Option<&str>) -> bool {
        let mut request = Request::builder();
        for host in hosts {
            request = request.header(HOST, *host);
        }
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        may_ask(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn requests_of_this_machine_pass_and_those_of_other_sites_do_not() {
        for host in ["localhost:3000", "LOCALHOST", "127.0.0.1:3000", "127.8.9.1", "[::1]:3000"] {
            assert!(may(&[host], None), "{host}");
            assert!(may(&[host], Some(&format!("http://{host}"))), "{host}");
            assert!(!may(&[host], Some("https://shop.example.com")), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:3000",
            "evil-localhost",
            "127.0.0.1.evil.example",
            "10.0.0.1:3000",
            "0.0.0.0:3000",
            "[::2]",
            "evil.example@localhost.evil",
            "",
        ] {
            assert!(!may(&[host], None), "{host}");
        }
        assert!(!may(&[], None));
        assert!(!may(&["localhost", "evil.example"], None));
        for origin in ["null", "http://localhost:8080", "https://localhost:3000", "http://localhost:3000.evil.example"]
        {
            assert!(!may(&["localhost:3000"], Some(origin)), "{origin}");
        }
    }
}
