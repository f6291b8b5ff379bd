//! What SIGHUP does: takes a changed config into force, or keeps the old one and
//! says why.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::watch;
use unbroken_config::Config;

use super::place;
use crate::house::House;

/// Reads the file again. A file that cannot be used changes nothing.
pub(super) async fn reload(
    file: Option<&Path>,
    house: &House,
    in_force: &watch::Sender<Arc<Config>>,
) {
    let Some(file) = file else {
        tracing::info!("no config file was given; the embedded defaults stay");
        return;
    };
    let typed = match place::config(Some(file)) {
        Ok(typed) => typed,
        Err(why) => {
            tracing::error!(file = %file.display(), "the changed config is refused, the old one stays in force:\n{why}");
            return;
        }
    };
    let (config, needs_restart) = freeze(typed, &house.config());
    let rules = config.hash();
    in_force.send_replace(Arc::new(config));
    let detail = json!({
        "file": file.display().to_string(), "rules": rules, "needs_restart": needs_restart,
    });
    super::run::note(house, "config", detail).await;
    tracing::info!(file = %file.display(), rules, "the changed config is in force");
    if !needs_restart.is_empty() {
        tracing::warn!(
            sections = needs_restart.join(", "),
            "these sections were changed too; each needs a restart and stays as it was until then"
        );
    }
}

/// Puts back what adapters were opened with at the start, so that no step works
/// by other words than they do. Says which sections that were.
fn freeze(typed: Config, before: &Config) -> (Config, Vec<&'static str>) {
    let mut config = typed;
    let mut frozen = Vec::new();
    macro_rules! keep {
        ($( $section:ident ),*) => { $(
            if config.$section != before.$section {
                config.$section = before.$section.clone();
                frozen.push(stringify!($section));
            }
        )* };
    }
    keep!(share, watch, state, ledger, store, probe, web, log);
    // The lease is the share's, the rest of its section every step reads anew.
    if config.settle.use_lease != before.settle.use_lease {
        config.settle.use_lease = before.settle.use_lease;
        frozen.push("settle.use_lease");
    }
    (config, frozen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_opened_at_the_start_stays_and_is_named() {
        let before = Config::default();
        let mut typed = before.clone();
        typed.state.dir = "/elsewhere".into();
        typed.store.kind = unbroken_config::keys::StoreKind::S3;
        typed.log.filter = "debug".to_owned();
        typed.settle.use_lease = !before.settle.use_lease;
        typed.retry.cap_s = unbroken_config::keys::Seconds(7.0);
        let (config, frozen) = freeze(typed, &before);
        assert_eq!(frozen, ["state", "store", "log", "settle.use_lease"]);
        let mut wanted = before.clone();
        wanted.retry.cap_s = unbroken_config::keys::Seconds(7.0);
        assert_eq!(config, wanted);
        assert_eq!(freeze(before.clone(), &before), (before.clone(), vec![]));
    }
}
