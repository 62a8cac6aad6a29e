//! The options of `udpchat serve` for its page and its metrics.

use std::net::SocketAddr;

use crate::cli::exit::Failure;

#[derive(Debug, Clone, Default, clap::Args)]
pub struct HttpOptions {
    /// Serve a page and metrics by HTTP on this address, such as 127.0.0.1:9777; see HTTP
    #[arg(long, value_name = "ADDR:PORT", env = "UDPCHAT_HTTP")]
    http: Option<SocketAddr>,
    /// Let --http be an address that other machines reach
    #[arg(long, env = "UDPCHAT_HTTP_PUBLIC")]
    http_public: bool,
    /// A name by which browsers may ask for the page, beside localhost and addresses; repeatable
    #[arg(long, value_name = "NAME", env = "UDPCHAT_HTTP_NAME", value_delimiter = ',', value_parser = name)]
    http_name: Vec<String>,
}

impl HttpOptions {
    /// Where to serve, if that is wanted, and under which names.
    pub fn wanted(&self) -> Result<Option<(SocketAddr, &[String])>, Failure> {
        let Some(address) = self.http else {
            return Ok(None);
        };
        if !address.ip().to_canonical().is_loopback() && !self.http_public {
            let problem = format!("--http {address} can be reached from other machines");
            let hint = "with --http-public that is meant; it is neither encrypted nor does it ask for a password";
            return Err(Failure::usage(problem).hint(hint));
        }
        Ok(Some((address, &self.http_name)))
    }
}

/// A name as it stands in a request: without a port.
fn name(typed: &str) -> Result<String, String> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-._".contains(character);
    if typed.is_empty() || !typed.chars().all(is_part) {
        return Err("expected a name such as status.example.org, without a port".into());
    }
    Ok(typed.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_that_others_reach_is_served_only_if_that_is_meant() {
        for (address, is_public, is_served) in [
            ("127.0.0.1:9777", false, true),
            ("127.9.9.9:9777", false, true),
            ("[::1]:9777", false, true),
            ("[::ffff:127.0.0.1]:9777", false, true),
            ("0.0.0.0:9777", false, false),
            ("[::]:9777", false, false),
            ("192.0.2.1:9777", false, false),
            ("192.0.2.1:9777", true, true),
        ] {
            let options = HttpOptions {
                http: Some(address.parse().unwrap()),
                http_public: is_public,
                http_name: Vec::new(),
            };
            assert_eq!(options.wanted().is_ok(), is_served, "{address} {is_public}");
        }
        assert!(HttpOptions::default().wanted().unwrap().is_none());
    }

    #[test]
    fn names_have_no_port() {
        assert_eq!(name("Status.Example.org").unwrap(), "status.example.org");
        for wrong in ["", "a:80", "a/b", "a b", "[::1]"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
