//! The client: how it signs, waits and tries again.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Config, Credentials, Region, RequestChecksumCalculation,
    ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use super::S3Settings;

/// A line may stand still this long; the SDK's 20 s broke off slow but living
/// uploads (awslabs/aws-sdk-rust issues 1146 and 1202).
const STALL: Duration = Duration::from_secs(60);

/// Attempts of one request, with full-jitter pauses between them. What still
/// fails then is a fleeting fault, tried again by the drive for as long as it takes.
const ATTEMPTS: u32 = 5;

/// First and longest pause between attempts.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(20));

/// A client for these settings; nothing is sent yet.
pub(super) fn client(settings: &S3Settings) -> Client {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let credentials = Credentials::new(
        settings.access_key.as_str(),
        settings.secret_key.as_str(),
        settings.session_token.clone(),
        None,
        "settings",
    );
    let stall = StalledStreamProtectionConfig::enabled()
        .grace_period(STALL)
        .build();
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(settings.region.clone()))
        .credentials_provider(credentials)
        .http_client(http)
        .force_path_style(settings.path_style)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .stalled_stream_protection(stall)
        .timeout_config(timeouts(settings, settings.attempt))
        .retry_config(retries(ATTEMPTS));
    config.set_endpoint_url(settings.endpoint.clone());
    Client::from_conf(config.build())
}

fn timeouts(settings: &S3Settings, attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(settings.connect)
        .operation_attempt_timeout(attempt)
        .build()
}

fn retries(attempts: u32) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(PAUSES.0)
        .with_max_backoff(PAUSES.1)
}

/// For one request that may take longer than others.
pub(super) fn with_patience(settings: &S3Settings, patience: Duration) -> Builder {
    Config::builder().timeout_config(timeouts(settings, patience))
}
