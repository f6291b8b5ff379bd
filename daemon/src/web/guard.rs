//! Stands before every page. A web site that a person on this machine visits
//! can make its own name point at loopback (DNS rebinding) and would then read
//! our pages as its own; it cannot change the Host header that the browser
//! sends, so only loopback's own names are answered.

use axum::extract::Request;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::refusal::Refusal;

/// Nothing is loaded, run, framed, or sent elsewhere.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
                      frame-ancestors 'none'; form-action 'self'";

/// Refuses what is not for us, and puts the protecting headers on every answer.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let mut response = match refusal(&request) {
        Some(refused) => refused,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn refusal(request: &Request) -> Option<Response> {
    if !names_loopback(request) {
        let refused = Refusal::new(
            StatusCode::MISDIRECTED_REQUEST,
            "请用 127.0.0.1 或 localhost 打开本页。",
            "Open this page as 127.0.0.1 or localhost.",
        );
        return Some(refused.into_response());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let refused = Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "这里只能查看,不能更改。",
            "These pages can only be read.",
        );
        let mut response = refused.into_response();
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Some(response);
    }
    None
}

/// True if the request names loopback, once in its header, and nothing else in
/// its target.
fn names_loopback(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let target = request.uri().authority();
    host.to_str().is_ok_and(is_loopback) && target.is_none_or(|name| is_loopback(name.as_str()))
}

/// True for a name of loopback, with any port or none.
fn is_loopback(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, after)) => (address, after),
            None => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_named = if host.starts_with('[') {
        name == "::1"
    } else {
        name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost")
    };
    is_named
        && match port.strip_prefix(':') {
            Some(port) => {
                port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
            }
            None => port.is_empty(),
        }
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_names_of_loopback_are_ours() {
        for ours in [
            "127.0.0.1",
            "127.0.0.1:8470",
            "localhost",
            "LocalHost:65535",
            "[::1]",
            "[::1]:80",
        ] {
            assert!(is_loopback(ours), "{ours}");
        }
        for not_ours in [
            "",
            "evil.example",
            "evil.example:8470",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "localhost:",
            "localhost:65536",
            "localhost:+80",
            "localhost:80:80",
            "user@localhost",
            "127.0.0.2",
            "0.0.0.0",
            "::1",
            "[::1",
            "[::1]evil",
            "[localhost]",
            "[127.0.0.1]",
        ] {
            assert!(!is_loopback(not_ours), "{not_ours}");
        }
    }
}
