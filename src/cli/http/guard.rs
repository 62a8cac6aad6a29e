//! What every request has to be, and what every answer carries.

use std::net::IpAddr;

use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version};
use axum::response::{IntoResponse as _, Response};

/// Why a request is answered by nothing but a refusal.
pub fn refusal<B>(request: &Request<B>, names: &[String]) -> Option<Response> {
    if !is_a_probe(request) && !is_for_us(request.headers(), names) {
        let text = "this server is not known by that name; see --http-name in udpchat-serve(1)\n";
        return Some((StatusCode::MISDIRECTED_REQUEST, text).into_response());
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let text = "only GET and HEAD\n";
        let allow = [(ALLOW, "GET, HEAD")];
        return Some((StatusCode::METHOD_NOT_ALLOWED, allow, text).into_response());
    }
    None
}

/// What load balancers ask with: HTTP/1.0, which knows of no name. No browser speaks that, or leaves the name out, nor can a page
/// have it do so; so none comes here by the name of somebody else.
fn is_a_probe<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_10
        && !request.headers().contains_key(HOST)
        && request.uri().authority().is_none()
}

/// A page of somebody else can have its own name lead to an address of this machine, and then read what is here (DNS
/// rebinding). In the request stands the name all the same. An address cannot be given another meaning.
fn is_for_us(headers: &HeaderMap, names: &[String]) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let Some(host) = host.to_str().ok().and_then(without_port) else {
        return false;
    };
    let is_address = match host.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        Some(address) => matches!(address.parse(), Ok(IpAddr::V6(_))),
        None => matches!(host.parse(), Ok(IpAddr::V4(_))),
    };
    is_address
        || host.eq_ignore_ascii_case("localhost")
        || names.iter().any(|name| host.eq_ignore_ascii_case(name))
}

/// The host of HOST[:PORT]; none if the port is no number.
fn without_port(host: &str) -> Option<&str> {
    let after_address = host.rfind(']').unwrap_or(0);
    match host[after_address..].find(':') {
        None => Some(host),
        Some(colon) => {
            let (host, port) = host.split_at(after_address + colon);
            let is_port = port[1..].bytes().all(|byte| byte.is_ascii_digit());
            is_port.then_some(host)
        }
    }
}

/// Adds what every answer carries. `style` is the hash of the page's style sheet, the only thing that a browser takes.
pub fn protect(response: &mut Response, style: &str) {
    let policy = format!(
        "default-src 'none'; style-src '{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(
        version: Version,
        uri: &str,
        (method, hosts): (Method, &[&str]),
    ) -> Option<StatusCode> {
        let mut request = Request::builder().method(method).version(version).uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let names = ["status.example.org".to_owned()];
        let refusal = refusal(&request.body(()).unwrap(), &names);
        refusal.map(|response| response.status())
    }

    fn refused(method: Method, hosts: &[&str]) -> Option<StatusCode> {
        answered(Version::HTTP_11, "/", (method, hosts))
    }

    #[test]
    fn probe_without_a_name_is_answered_and_nothing_else_without_one_is() {
        let elsewhere = Some(StatusCode::MISDIRECTED_REQUEST);
        let get = |version, uri, hosts| answered(version, uri, (Method::GET, hosts));
        assert_eq!(get(Version::HTTP_10, "/healthz", &[]), None);
        assert_eq!(get(Version::HTTP_11, "/healthz", &[]), elsewhere);
        // One that names a server is asked for that.
        for hosts in [&["evil.example"][..], &[""], &["localhost", "localhost"]] {
            assert_eq!(get(Version::HTTP_10, "/", hosts), elsewhere, "{hosts:?}");
        }
        assert_eq!(
            get(Version::HTTP_10, "http://evil.example/", &[]),
            elsewhere
        );
        let post = answered(Version::HTTP_10, "/", (Method::POST, &[]));
        assert_eq!(post, Some(StatusCode::METHOD_NOT_ALLOWED));
    }

    #[test]
    fn names_of_others_are_refused_and_addresses_and_own_names_are_not() {
        for host in [
            "localhost",
            "LOCALHOST:9777",
            "127.0.0.1",
            "127.0.0.1:9777",
            "192.0.2.7:80",
            "[::1]",
            "[::1]:9777",
            "Status.Example.org:443",
        ] {
            assert_eq!(refused(Method::GET, &[host]), None, "{host}");
        }
        let hostile: [&[&str]; 10] = [
            &[],
            &[""],
            &["evil.example"],
            &["evil.example:9777"],
            &["localhost.evil.example"],
            &["127.0.0.1.evil.example"],
            &["localhost:evil"],
            &["::1"],
            &["[127.0.0.1]"],
            &["localhost", "evil.example"],
        ];
        for hosts in hostile {
            let expected = Some(StatusCode::MISDIRECTED_REQUEST);
            assert_eq!(refused(Method::GET, hosts), expected, "{hosts:?}");
        }
    }

    #[test]
    fn nothing_can_be_changed() {
        assert_eq!(refused(Method::HEAD, &["localhost"]), None);
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let expected = Some(StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(refused(method, &["localhost"]), expected);
        }
    }
}
