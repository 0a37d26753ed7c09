//! Listen addresses, in the forms that users write.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::TcpListener;

/// A parsed listen address.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Listen {
    /// All addresses of the machine, IPv6 and IPv4, with this port.
    Everywhere(u16),
    /// Both loopback addresses, with this port.
    Localhost(u16),
    One(SocketAddr),
    /// A host name with port, which the system resolves.
    Named(String),
}

const FORMS: &str =
    "write 127.0.0.1:8080, localhost:8080, [::1]:8080, or :8080 for all addresses of this machine";

/// Parses `host:port`, `[v6]:port`, `:port` or a port alone.
///
/// # Errors
/// Returns an error that lists the accepted forms.
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
        // Ambiguous: `::1:8080` is an IPv6 address itself.
        host if host.contains(':') || host.contains('[') => Err(wrong()),
        host => Ok(Listen::Named(format!("{host}:{port}"))),
    }
}

/// Binds the listen address; all listeners have the port of the first.
///
/// # Errors
/// Returns an error with a remedy if the address is invalid or cannot be bound.
pub(crate) async fn bind_listeners(text: &str) -> anyhow::Result<Vec<TcpListener>> {
    match parse(text)? {
        Listen::One(address) => Ok(vec![bind_address(address, text).await?]),
        Listen::Everywhere(port) => {
            // Accepts IPv4, too, on most systems. Without IPv6, bind IPv4 alone.
            let all = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
            match TcpListener::bind(all).await {
                Ok(listener) => Ok(vec![listener]),
                Err(error) if error.kind() == ErrorKind::AddrInUse => {
                    Err(describe_bind_error(&error, text))
                }
                Err(_) => Ok(vec![
                    bind_address(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)), text).await?,
                ]),
            }
        }
        Listen::Localhost(port) => {
            let first = bind_address(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), text).await?;
            let port = first.local_addr()?.port();
            // Fails on a machine without IPv6, which then has one listener.
            let second = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await;
            Ok(std::iter::once(first).chain(second.ok()).collect())
        }
        Listen::Named(name) => {
            let found = TcpListener::bind(&name).await;
            Ok(vec![found.map_err(|error| describe_bind_error(&error, text))?])
        }
    }
}

async fn bind_address(address: SocketAddr, text: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| describe_bind_error(&error, text))
}

fn describe_bind_error(error: &std::io::Error, text: &str) -> anyhow::Error {
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
    fn listen_addresses_are_parsed_in_every_form() {
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
    async fn localhost_listens_with_one_port_on_all_its_addresses() {
        let listeners = bind_listeners("localhost:0").await.unwrap();
        let ports: Vec<u16> =
            listeners.iter().map(|one| one.local_addr().unwrap().port()).collect();
        assert!(ports.iter().all(|port| *port == ports[0]), "{ports:?}");
        assert!(!bind_listeners("[::]:0").await.unwrap().is_empty());
    }
}
