//! Matches a method and path to an endpoint, as API Gateway does.

use frontrow_edge::Descriptor;
use http::Method;
use percent_encoding::percent_decode_str;

/// Decoded path parameters by name.
pub(crate) type Parameters = Vec<(&'static str, String)>;

/// The endpoint for `method` and `path`, if any. If several match, a fixed segment takes precedence over a parameter.
pub(crate) fn find(
    endpoints: &'static [Descriptor],
    method: &Method,
    path: &str,
) -> Option<(&'static Descriptor, Parameters)> {
    let candidates = endpoints.iter().filter(|endpoint| endpoint.route.method == *method);
    let matches = candidates.filter_map(|endpoint| Some((endpoint, parameters(endpoint.route.path, path)?)));
    matches.max_by_key(|(endpoint, _)| specificity(endpoint.route.path))
}

fn parameters(template: &'static str, path: &str) -> Option<Parameters> {
    let mut found = Vec::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        match parameter(expected) {
            Some(name) if !segment.is_empty() => {
                found.push((name, percent_decode_str(segment).decode_utf8_lossy().into_owned()));
            }
            None if segment == expected => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(found)
}

fn parameter(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Sort key: a fixed segment precedes a parameter, at the first segment where two templates differ.
fn specificity(template: &'static str) -> Vec<bool> {
    template.split('/').map(|segment| parameter(segment).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_parameters_are_decoded() {
        let template = "/performances/{performanceId}/holds";
        assert_eq!(
            parameters(template, "/performances/de%6Do/holds"),
            Some(vec![("performanceId", "demo".to_owned())])
        );
        assert_eq!(parameters(template, "/performances/a%2Fb/holds"), Some(vec![("performanceId", "a/b".to_owned())]));
        for other in
            ["/performances//holds", "/performances/demo/holds/", "/performances/demo", "/Performances/demo/holds"]
        {
            assert_eq!(parameters(template, other), None, "{other}");
        }
    }

    #[test]
    fn fixed_segments_win_over_parameters() {
        assert!(specificity("/members/me/alerts") > specificity("/members/{memberId}/alerts"));
        assert!(specificity("/a/{b}/c") > specificity("/a/{b}/{c}"));
    }
}
