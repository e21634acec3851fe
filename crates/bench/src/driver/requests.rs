//! Requests made beforehand, so that sending one is copying it.

use std::sync::Arc;

use crate::plan::Plan;

pub(super) struct Requests {
    pub(super) websocket: Vec<u8>,
    pub(super) open_polling: Vec<u8>,
    pub(super) poll: Vec<u8>,
    pub(super) post: Vec<u8>,
    pub(super) polling_headers: Vec<u8>,
    /// For each client, the packet that asks for CONNECT.
    pub(super) joins: Vec<Arc<[u8]>>,
    /// `42`, the namespace, and then comes the number of the acknowledgement.
    pub(super) event: String,
}

impl Requests {
    pub(super) fn new(plan: &Plan) -> Self {
        let target = &plan.target;
        let namespace = target.namespace_prefix();
        let (get, post) = (target.polling_line("GET"), target.polling_line("POST"));
        let headers = target.polling_headers();
        let join = |token: &str| {
            format!("40{namespace}{{\"token\":\"{token}\"}}")
                .into_bytes()
                .into()
        };
        Self {
            websocket: target.websocket_request(),
            open_polling: format!("{get}{headers}\r\n").into_bytes(),
            poll: get.into_bytes(),
            post: post.into_bytes(),
            polling_headers: headers.into_bytes(),
            joins: plan
                .people
                .iter()
                .map(|person| join(&person.token))
                .collect(),
            event: format!("42{namespace}"),
        }
    }
}
