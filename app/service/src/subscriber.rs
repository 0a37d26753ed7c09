//! Groups client addresses by subscriber.

use std::net::{IpAddr, Ipv6Addr};

/// Returns the address under which a client is counted. An IPv6 subscriber has at least 2^64
/// addresses, so the first 64 bits stand for all of them. An IPv4-mapped IPv6 address counts as the
/// IPv4 address.
#[must_use]
pub fn subscriber_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(bits))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_subscriber_count_as_one() {
        let of = |text: &str| subscriber_address(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }
}
