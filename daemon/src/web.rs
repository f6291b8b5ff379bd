//! stub
use crate::house::House;
use std::sync::Arc;
/// stub
pub async fn serve(
    _h: Arc<House>,
    _l: tokio::net::TcpListener,
    mut stop: tokio::sync::watch::Receiver<bool>,
) {
    let _ = stop.wait_for(|s| *s).await;
}
