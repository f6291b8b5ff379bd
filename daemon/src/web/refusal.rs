//! What is answered instead of a page: small, and in both languages.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::port::fault::Fault;

/// A page that could not be given, and why.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    zh: String,
    en: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            status,
            zh: zh.into(),
            en: en.into(),
        }
    }

    pub(super) fn not_found(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, zh, en)
    }

    pub(super) fn wrong_request(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, zh, en)
    }

    /// A fault of the program, which the log tells in full.
    pub(super) fn our_fault(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a page could not be made; this is a fault of the program");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "程序出错,无法显示本页;日志中有详细说明。文件和记录不受影响。",
            "This page could not be made, by a fault of the program; the log says more. \
             Files and records are not affected.",
        )
    }

    /// The ledger did not answer, or not in time.
    pub(super) fn ledger_silent(error: impl std::fmt::Display) -> Self {
        tracing::warn!(%error, "a page could not be made: the ledger does not answer");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "台账暂时没有应答,请稍后再试;日志中有详细说明。收到的文件不受影响。",
            "The ledger does not answer at present; try again soon. The log says more. \
             Files that were received are not affected.",
        )
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::ledger_silent(fault)
    }
}

impl From<askama::Error> for Refusal {
    fn from(error: askama::Error) -> Self {
        Self::our_fault(error)
    }
}

#[derive(Template)]
#[template(path = "status_refusal.html")]
struct Page<'a> {
    refusal: &'a Refusal,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match (Page { refusal: &self }).render() {
            Ok(page) => (self.status, Html(page)).into_response(),
            Err(_) => (self.status, format!("{}\n{}\n", self.zh, self.en)).into_response(),
        }
    }
}
