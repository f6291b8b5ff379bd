//! Words as typed → rules as meant.
//!
//! One table of keys ([`keys`]) gives the struct, its defaults, its reader,
//! its documentation, its JSON Schema and `explain`. The crate reads no
//! environment and no clock; [`load`] alone touches a file.

mod change;
mod checks;
mod config;
mod cross;
mod describe;
mod document;
mod error;
pub mod flow;
mod fold;
mod form;
mod gate;
pub mod keys;
mod known;
mod migrate;
pub mod naming;
pub mod number;
mod read;
pub mod secrets;
mod shape;
mod suggest;
#[cfg(test)]
mod tests;

use std::path::Path;

use toml_edit::Document;
use unbroken_probes::check::Check;
use unbroken_probes::registry::CHECKS;
use unbroken_probes::text::Text;

pub use change::Change;
pub use checks::{CheckRules, CheckTable};
pub use config::Config;
pub use cross::nested;
pub use describe::{explain, nearest_key, schema};
pub use document::{default_toml, reference_markdown};
pub use error::{ConfigError, ConfigErrors};
pub use fold::fold;
pub use gate::{NameClass, NameGate};
pub use known::Known;
pub use migrate::CURRENT_VERSION;

use error::Faults;
use flow::{Flow, FlowBase};
use known::ReadBeside;
use migrate::MIGRATIONS;
use read::Reader;
use shape::{List, Section, Shape};

/// Largest config file that is read, in bytes. Named guess: a thousand times
/// a real one.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Reads and checks a config file.
pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
    let name = path.display().to_string();
    let bytes = read_bounded(path).map_err(|why| ConfigErrors::unreadable(&name, &why))?;
    match String::from_utf8(bytes) {
        Ok(text) => parse_with(&text, &name, CHECKS, Some(&read_bounded)),
        Err(why) => Err(not_utf8(&name, &why)),
    }
}

fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let mut bounded = std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1);
    bounded.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::other(format!(
            "大于 {MAX_FILE_BYTES} 字节 / larger than {MAX_FILE_BYTES} bytes"
        )));
    }
    Ok(bytes)
}

/// Editors on Chinese Windows may save as GBK; the place and the cure are said.
fn not_utf8(name: &str, why: &std::string::FromUtf8Error) -> ConfigErrors {
    let readable = String::from_utf8_lossy(why.as_bytes());
    let at = why.utf8_error().valid_up_to();
    let mut faults = Faults::new(name, &readable);
    let text = Text::new(
        "文件不是 UTF-8 编码(可能是 GBK):请另存为 UTF-8",
        "the file is not UTF-8 (perhaps GBK): save it as UTF-8",
    );
    faults.at(at..at + 1, "", text, None);
    faults.into_errors()
}

/// Reads and checks a config text; `file_name` stands in the messages. The
/// files that it names are not read.
pub fn parse(text: &str, file_name: &str) -> Result<Config, ConfigErrors> {
    parse_with(text, file_name, CHECKS, None)
}

/// The same with a given registry of checks, and with the files beside it.
pub(crate) fn parse_with(
    text: &str,
    file_name: &str,
    checks: &[&'static Check],
    read_beside: Option<ReadBeside<'_>>,
) -> Result<Config, ConfigErrors> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let written = written_version(text);
    let current = match written.map(|v| migrate::forward(text, v, MIGRATIONS)) {
        Some(None) => return Err(unknown_version(text, file_name)),
        Some(Some(current)) => current,
        None => text.into(),
    };
    let mut faults = Faults::new(file_name, &current);
    let document = match Document::parse(current.as_ref()) {
        Ok(document) => document,
        Err(why) => {
            let message = why.message().trim().replace('\n', "; ");
            let text = Text::new(
                format!("不是有效的 TOML:{message}"),
                format!("not valid TOML: {message}"),
            );
            faults.at(why.span().unwrap_or(0..0), "", text, None);
            return Err(faults.into_errors());
        }
    };
    let shape = Config::shape(checks);
    let mut reader = Reader::top(document.as_table(), &shape, &mut faults);
    let mut config = Config::read(&mut reader, checks);
    // What contradicts itself is only worth saying of values that hold.
    if faults.is_empty() {
        cross::check(&config, checks, &mut faults);
    }
    if let Some(read) = read_beside.filter(|_| faults.is_empty()) {
        config.known = Known::read(&config.reference, read, &mut faults);
    }
    if faults.is_empty() {
        Ok(config)
    } else {
        Err(faults.into_errors())
    }
}

/// The version that a text names, if it is TOML and names a whole one.
fn written_version(text: &str) -> Option<u64> {
    let document = Document::parse(text).ok()?;
    let version = document.as_table().get("version")?.as_integer()?;
    u64::try_from(version).ok()
}

fn unknown_version(text: &str, file_name: &str) -> ConfigErrors {
    let mut faults = Faults::new(file_name, text);
    let span = Document::parse(text)
        .ok()
        .and_then(|document| document.as_table().get("version")?.span())
        .unwrap_or(0..0);
    let text = Text::new(
        format!(
            "此配置的版本不是本程序所知的(1 至 {CURRENT_VERSION}):请升级程序,或改用相应版本的配置"
        ),
        format!(
            "this config's version is not one that this program knows (1 to {CURRENT_VERSION}): \
             upgrade the program or use a config of its version"
        ),
    );
    faults.at(span, "version", text, None);
    faults.into_errors()
}

/// The built-in flows. A test holds that they are free of faults, so that none
/// is lost here.
pub(crate) fn built_in(base: FlowBase) -> Vec<Flow> {
    let mut shape = Shape::titled("", "", "");
    shape.lists.push(List {
        entry: Flow::shape("flow"),
        default: Vec::new(),
    });
    let text = base.text();
    let mut faults = Faults::new("flows", text);
    match Document::parse(text) {
        Ok(document) => {
            Reader::top(document.as_table(), &shape, &mut faults).list("flow", Vec::new())
        }
        Err(_) => Vec::new(),
    }
}
