//! What is served under which path.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;

use super::{guard, metrics, page, text_format};
use crate::cli::monitor::{Monitor, Snapshot, problems};

/// How old a snapshot may be that is shown. Chosen: nobody sees it, and who asks in a loop costs the server five answers a
/// second.
const NO_OLDER: Duration = Duration::from_millis(200);

#[derive(Clone)]
pub struct Site {
    monitor: Arc<Monitor>,
    names: Arc<[String]>,
}

impl Site {
    pub fn new(monitor: Arc<Monitor>, names: Vec<String>) -> Self {
        Self {
            monitor,
            names: names.into(),
        }
    }

    pub fn router(self) -> Router {
        Router::new()
            .route("/", get(show_page))
            .route("/metrics", get(show_metrics))
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(show_readiness))
            .fallback(|| async { (StatusCode::NOT_FOUND, "there is no such page\n") })
            .layer(middleware::from_fn_with_state(self.clone(), protect))
            .with_state(self)
    }

    /// The server as it is, or almost.
    async fn snapshot(&self) -> Result<Arc<Snapshot>, Response> {
        let monitor = Arc::clone(&self.monitor);
        let asked = tokio::task::spawn_blocking(move || monitor.snapshot(NO_OLDER)).await;
        match asked {
            Ok(Ok(snapshot)) => Ok(snapshot),
            Ok(Err(error)) => {
                let text = format!("{error:#}\n");
                Err((StatusCode::SERVICE_UNAVAILABLE, text).into_response())
            }
            Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        }
    }
}

async fn protect(State(site): State<Site>, request: Request, next: Next) -> Response {
    let refusal = guard::refusal(&request, &site.names);
    let mut response = match refusal {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    guard::protect(&mut response, page::style_hash());
    response
}

async fn show_page(State(site): State<Site>) -> Result<Html<String>, Response> {
    let snapshot = site.snapshot().await?;
    Ok(Html(page::render(&snapshot, &site.monitor.history())))
}

async fn show_metrics(State(site): State<Site>, headers: HeaderMap) -> Result<Response, Response> {
    let snapshot = site.snapshot().await?;
    let text =
        metrics::encode(snapshot).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())?;
    let accepts = headers.get_all(ACCEPT).iter();
    let mut accepts = accepts.filter_map(|accept| accept.to_str().ok());
    let (kind, text) = if accepts.any(|accept| accept.contains(metrics::KIND)) {
        (metrics::CONTENT_TYPE, text)
    } else {
        (text_format::CONTENT_TYPE, text_format::from(&text))
    };
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}

async fn show_readiness(State(site): State<Site>) -> Result<&'static str, Response> {
    let snapshot = site.snapshot().await?;
    let problems = problems(&snapshot);
    match problems.into_iter().find(|problem| problem.name == "store") {
        None => Ok("ready\n"),
        Some(problem) => {
            let text = format!("{}\n", problem.text);
            Err((StatusCode::SERVICE_UNAVAILABLE, text).into_response())
        }
    }
}
