//! Client addresses, and the proxies that are trusted to report them.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicBool, Ordering},
};

use axum::http::HeaderMap;
use ipnet::IpNet;
use phasegate_domain::{
    field_error::{FieldCode, FieldError},
    targeting::parse_network,
};

/// The header in which proxies report their client.
pub(super) const FORWARDED_FOR: &str = "x-forwarded-for";

/// Whether an address belongs to this machine or a private network. It then does not identify a
/// client: it may be an untrusted proxy with many clients behind it.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// The proxies whose `X-Forwarded-For` is trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Parses a comma-separated list of addresses and networks.
    ///
    /// # Errors
    /// Returns an error that names the invalid item.
    pub(crate) fn parse(text: &str) -> Result<Self, FieldError> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let one = |item: &str| {
            parse_network(item).map_err(|error| {
                let message = format!("{error}; write addresses or networks with commas between");
                FieldError::new("trusted_proxies", FieldCode::Invalid, message)
            })
        };
        items.map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Whether an address is that of a trusted proxy.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Logs once that a proxy on this machine or network is not trusted: all of its clients then
    /// share the limits of one address.
    pub(super) fn warn_of_untrusted(&self, peer: IpAddr) {
        static IS_SAID: AtomicBool = AtomicBool::new(false);
        if is_private(peer) && !self.trusts(peer) && !IS_SAID.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                proxy = %peer,
                "a proxy says whom it speaks for (X-Forwarded-For), and is not trusted: all of its clients \
                 count as one. If it is yours, set PHASEGATE_TRUSTED_PROXIES={peer}"
            );
        }
    }

    /// Returns the client address: the last entry of `X-Forwarded-For` that is not a trusted proxy.
    /// Only entries written by trusted proxies are read, because clients can forge the others.
    pub(crate) fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        let lines = headers.get_all(FORWARDED_FOR).into_iter();
        let lines: Vec<&str> = lines.filter_map(|value| value.to_str().ok()).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        let mut client = peer;
        for hop in hops {
            let Ok(address) = hop.trim().parse::<IpAddr>() else { return client };
            client = address;
            if !self.trusts(address) {
                return address;
            }
        }
        client
    }
}

/// The client address of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl ClientAddress {
    /// Returns the address unless it is private, in which case many clients may share it.
    pub(crate) fn public_address(self) -> Option<IpAddr> {
        (!is_private(self.0)).then_some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn resolve_client(trusted: &str, peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        let proxies = TrustedProxies::parse(trusted).unwrap();
        proxies.client_address(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let both = "127.0.0.1, 10.0.0.0/8";
        assert_eq!(resolve_client("", "127.0.0.1", &["1.2.3.4"]), "127.0.0.1");
        assert_eq!(resolve_client(both, "127.0.0.1", &["1.2.3.4"]), "1.2.3.4");
        assert_eq!(resolve_client(both, "9.9.9.9", &["1.2.3.4"]), "9.9.9.9", "a stranger's word");
        assert_eq!(
            resolve_client(both, "127.0.0.1", &["6.6.6.6, 1.2.3.4, 10.0.0.7"]),
            "1.2.3.4",
            "forged"
        );
        assert_eq!(resolve_client(both, "127.0.0.1", &["6.6.6.6", "1.2.3.4"]), "1.2.3.4");
        assert_eq!(resolve_client(both, "127.0.0.1", &["1.2.3.4, nonsense"]), "127.0.0.1");
        assert_eq!(resolve_client(both, "::ffff:127.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(resolve_client(both, "127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn errors_name_the_invalid_network() {
        let complaint = |text| TrustedProxies::parse(text).unwrap_err().to_string();
        let error = complaint("10.0.0.0/8, proxy.local");
        assert!(error.contains("\"proxy.local\""), "{error}");
        assert!(complaint("010.0.0.0/8").contains("leading zero"), "it may be 8/8");
        assert_eq!(resolve_client("::ffff:127.0.0.0/104", "127.0.0.1", &["1.2.3.4"]), "1.2.3.4");
    }
}
