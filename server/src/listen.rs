//! Where the server listens, in the forms that users write.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::TcpListener;

/// What an address means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Listen {
    /// All addresses of the machine, IPv6 and IPv4.
    Everywhere(u16),
    /// This machine only, under both of its own addresses.
    Localhost(u16),
    One(SocketAddr),
    /// A name, which the system resolves.
    Named(String),
}

const FORMS: &str =
    "write 127.0.0.1:8080, localhost:8080, [::1]:8080, or :8080 for all addresses of this machine";

/// Reads `host:port`, `[v6]:port`, `:port` or a port alone.
///
/// # Errors
/// Says what to write.
fn parse(text: &str) -> anyhow::Result<Listen> {
    let text = text.trim();
    let wrong = || anyhow::anyhow!("listen: {text:?} is not an address with a port; {FORMS}");
    if let Ok(port) = text.parse() {
        return Ok(Listen::One(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(match address.ip() {
            IpAddr::V6(ip) if ip.is_unspecified() => Listen::Everywhere(address.port()),
            _ => Listen::One(address),
        });
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().map_err(|_| wrong())?;
    match host {
        "" | "*" | "[*]" => Ok(Listen::Everywhere(port)),
        host if host.eq_ignore_ascii_case("localhost") => Ok(Listen::Localhost(port)),
        // `::1:8080` is an IPv6 address of its own, and so means nothing certain.
        host if host.contains(':') || host.contains('[') => Err(wrong()),
        host => Ok(Listen::Named(format!("{host}:{port}"))),
    }
}

/// Listens where the text says; the first listener's port is that of all.
///
/// # Errors
/// When the text is no address, or it is taken; says what to do.
pub(crate) async fn listen(text: &str) -> anyhow::Result<Vec<TcpListener>> {
    match parse(text)? {
        Listen::One(address) => Ok(vec![bind(address, text).await?]),
        Listen::Everywhere(port) => {
            // On most systems this takes IPv4, too; where there is no IPv6, IPv4 alone.
            let all = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
            match TcpListener::bind(all).await {
                Ok(listener) => Ok(vec![listener]),
                Err(error) if error.kind() == ErrorKind::AddrInUse => Err(refused(&error, text)),
                Err(_) => {
                    Ok(vec![bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)), text).await?])
                }
            }
        }
        Listen::Localhost(port) => {
            let first = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), text).await?;
            let port = first.local_addr()?.port();
            // A machine without IPv6 has no second one.
            let second = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await;
            Ok(std::iter::once(first).chain(second.ok()).collect())
        }
        Listen::Named(name) => {
            let found = TcpListener::bind(&name).await;
            Ok(vec![found.map_err(|error| refused(&error, text))?])
        }
    }
}

async fn bind(address: SocketAddr, text: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| refused(&error, text))
}

fn refused(error: &std::io::Error, text: &str) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "{text} is in use by another program; stop it, or choose another address with --listen"
        ),
        ErrorKind::PermissionDenied => anyhow::anyhow!(
            "{text} needs rights that this user does not have; choose a port above 1023 with --listen"
        ),
        _ => anyhow::anyhow!("cannot listen on {text}: {error}; {FORMS}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_mean_what_they_read_like() {
        let one = |text: &str| Listen::One(text.parse().unwrap());
        for (text, means) in [
            ("127.0.0.1:8080", one("127.0.0.1:8080")),
            ("0.0.0.0:8080", one("0.0.0.0:8080")),
            ("[::1]:8080", one("[::1]:8080")),
            ("8080", one("127.0.0.1:8080")),
            ("[::]:8080", Listen::Everywhere(8080)),
            (":8080", Listen::Everywhere(8080)),
            ("*:8080", Listen::Everywhere(8080)),
            ("localhost:0", Listen::Localhost(0)),
            ("flags.internal:80", Listen::Named("flags.internal:80".into())),
        ] {
            assert_eq!(parse(text).unwrap(), means, "{text}");
        }
        for text in ["::1:8080", "localhost", "[::1", "127.0.0.1:99999", ""] {
            let said = parse(text).unwrap_err().to_string();
            assert!(said.contains("localhost:8080"), "{text}: {said}");
        }
    }

    #[tokio::test]
    async fn localhost_is_both_of_its_addresses() {
        let listeners = listen("localhost:0").await.unwrap();
        let ports: Vec<u16> =
            listeners.iter().map(|one| one.local_addr().unwrap().port()).collect();
        assert!(ports.iter().all(|port| *port == ports[0]), "{ports:?}");
        assert!(!listen("[::]:0").await.unwrap().is_empty());
    }
}
