//! Networks of IP addresses.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde_json::Value;

use super::{
    InvalidNetwork, InvalidValue,
    list::{MAX_LIST, ValueList},
};

/// Networks as they were written, and merged where they overlap, for a binary search.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Networks {
    written: Written,
    /// Sorted; none overlaps another.
    joined: Box<[IpNet]>,
}

#[derive(Debug, Clone, PartialEq)]
enum Written {
    One(Box<str>),
    Many(ValueList),
}

impl Networks {
    /// Parses one network or a list of them.
    ///
    /// # Errors
    /// Returns what is wrong with the value or one of its networks.
    pub(super) fn new(value: &Value) -> Result<Self, InvalidValue> {
        let (written, networks) = match value {
            Value::Array(list) if list.is_empty() => return Err(InvalidValue::NoNetworks),
            Value::Array(list) if list.len() > MAX_LIST => {
                return Err(InvalidValue::TooManyValues { found: list.len(), most: MAX_LIST });
            }
            Value::Array(list) => {
                let one = |item: &Value| match item.as_str() {
                    Some(text) => Ok(parse_network(text)?),
                    None => Err(InvalidValue::NotANetwork),
                };
                let networks = list.iter().map(one).collect::<Result<Vec<_>, _>>()?;
                (Written::Many(ValueList::new(value)?), networks)
            }
            Value::String(text) => (Written::One(text.as_str().into()), vec![parse_network(text)?]),
            _ => return Err(InvalidValue::NotANetwork),
        };
        let mut joined = IpNet::aggregate(&networks);
        joined.sort_unstable();
        Ok(Self { written, joined: joined.into() })
    }

    /// The value as it was written.
    pub(super) fn to_json(&self) -> Value {
        match &self.written {
            Written::One(text) => Value::from(&**text),
            Written::Many(list) => list.to_json(),
        }
    }

    /// Whether one of the networks contains an address. An IPv4-mapped IPv6 address, as dual-stack
    /// sockets report it, matches networks of either form.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let lies_in_one = |address: IpAddr| {
            let after = self.joined.partition_point(|network| network.network() <= address);
            let before = after.checked_sub(1).and_then(|index| self.joined.get(index));
            before.is_some_and(|network| network.contains(&address))
        };
        let canonical = address.to_canonical();
        lies_in_one(canonical) || (canonical != address && lies_in_one(address))
    }
}

/// Parses `10.0.0.0/8`, `fd00::/8` or a single address. Bits after the prefix are cleared. Networks
/// of IPv4-mapped addresses become IPv4 ones, as `to_canonical` does with addresses. `::/0` is all
/// of IPv6 and nothing of IPv4.
///
/// # Errors
/// Returns an error with the text and the form that it needs.
pub fn parse_network(text: &str) -> Result<IpNet, InvalidNetwork> {
    let wrong = || InvalidNetwork::Shape(text.to_owned());
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    // The standard parser refuses leading zeros, which some programs read as octal numbers.
    let address: IpAddr = address.parse().map_err(|_| {
        let has_leading_zero = address
            .split('.')
            .any(|part| part.len() > 1 && part.starts_with('0') && part.parse::<u32>().is_ok());
        if has_leading_zero { InvalidNetwork::LeadingZero(text.to_owned()) } else { wrong() }
    })?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length: u8 = match length {
        None => most,
        Some(digits) => {
            let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit())
                && (digits == "0" || !digits.starts_with('0'));
            digits.parse().ok().filter(|length| is_plain && *length <= most).ok_or_else(wrong)?
        }
    };
    let network = match (address, address.to_canonical()) {
        (IpAddr::V6(_), IpAddr::V4(inner)) if length >= 96 => {
            IpNet::V4(Ipv4Net::new(inner, length - 96).map_err(|_| wrong())?)
        }
        (IpAddr::V6(_), IpAddr::V4(_)) => {
            return Err(InvalidNetwork::MixedFamilies(text.to_owned()));
        }
        (IpAddr::V6(outer), _) => IpNet::V6(Ipv6Net::new(outer, length).map_err(|_| wrong())?),
        (IpAddr::V4(inner), _) => IpNet::V4(Ipv4Net::new(inner, length).map_err(|_| wrong())?),
    };
    Ok(network.trunc())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lies_in(networks: Value, address: &str) -> bool {
        Networks::new(&networks).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn ipv4_mapped_addresses_and_networks_count_as_ipv4() {
        for (network, yes, no) in [
            ("::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.0"),
            ("::ffff:10.0.0.0/104", "::ffff:10.1.2.3", "::ffff:11.0.0.0"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "9.255.255.255"),
            ("10.9.8.7/8", "10.1.2.3", "11.0.0.0"),
            ("::/0", "::ffff:10.1.2.3", "10.1.2.3"),
            ("0.0.0.0/0", "::ffff:1.2.3.4", "::1"),
            ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::"),
        ] {
            assert!(lies_in(json!(network), yes), "{network} {yes}");
            assert!(!lies_in(json!(network), no), "{network} {no}");
        }
    }

    #[test]
    fn overlapping_networks_are_searched_as_one() {
        let all =
            json!(["10.0.0.0/8", "10.1.0.0/16", "192.168.0.0/24", "192.168.1.0/24", "fd00::/8"]);
        for (address, expected) in [
            ("10.200.0.1", true),
            ("10.1.2.3", true),
            ("192.168.1.255", true),
            ("fd12::1", true),
            ("192.168.2.0", false),
            ("9.255.255.255", false),
            ("fe00::", false),
        ] {
            assert_eq!(lies_in(all.clone(), address), expected, "{address}");
        }
        assert_eq!(Networks::new(&all).unwrap().to_json(), all);
    }

    #[test]
    fn ambiguous_and_malformed_networks_are_refused() {
        let complaint = |text: &str| Networks::new(&json!(text)).unwrap_err().to_string();
        assert!(complaint("010.0.0.0/8").contains("leading zero"));
        assert!(complaint("10.0.0.08/8").contains("leading zero"));
        assert!(complaint("::ffff:0:0/90").contains("for all of IPv4 write 0.0.0.0/0"));
        for text in ["10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/33", "10.0.0.0/", "10.0.0", "::/129"] {
            assert!(complaint(text).contains("is not a network"), "{text}");
        }
    }
}
