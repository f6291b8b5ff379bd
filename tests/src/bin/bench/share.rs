//! The share that the contenders work on: a local folder, as config has it by
//! default.

use std::path::Path;

use unbroken::adapter::share_directory::{DirectoryShare, Settings};
use unbroken::port::share::RelPath;
use unbroken_config::Config;

/// Opens it without file notifications, which no contender has.
pub fn open(folder: &Path) -> Result<DirectoryShare, String> {
    let config = Config::default();
    let settings = Settings {
        ignore_names: config.share.ignore_names.clone(),
        temp_names: config.share.temp_names.clone(),
        ignore_dirs: config.share.ignore_dirs.clone(),
        receipts_dir: RelPath::new(config.share.special.receipts.clone())
            .ok_or("share.special.receipts is no name of a folder")?,
        client_mount: false,
        use_lease: true,
        notify: false,
    };
    DirectoryShare::open(folder, settings).map_err(|e| e.to_string())
}
