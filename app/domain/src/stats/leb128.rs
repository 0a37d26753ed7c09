//! LEB128: integers as groups of seven bits, one per byte, the lowest first.

pub(super) fn push_unsigned(bytes: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Appends a signed number, zigzag-encoded: the lowest bit is the sign.
pub(super) fn push_signed(bytes: &mut Vec<u8>, number: i128) {
    push_unsigned(bytes, ((number << 1) ^ (number >> 127)) as u128);
}

/// Removes a number from the front; `None` if it is incomplete or longer than 128 bits.
pub(super) fn pull_unsigned(bytes: &mut &[u8]) -> Option<u128> {
    // Most counts and gaps need one byte, and a panel reads hundreds of thousands of them.
    if let [byte @ 0..0x80, rest @ ..] = *bytes {
        *bytes = rest;
        return Some(u128::from(*byte));
    }
    let mut number = 0_u128;
    for shift in (0..128).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u128::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Removes a signed number from the front; `None` as in [`pull_unsigned`].
pub(super) fn pull_signed(bytes: &mut &[u8]) -> Option<i128> {
    let number = pull_unsigned(bytes)?;
    Some(((number >> 1) as i128) ^ -((number & 1) as i128))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn decoding_returns_the_encoded_numbers(number in any::<u128>(), signed in any::<i128>()) {
            let mut bytes = Vec::new();
            push_unsigned(&mut bytes, number);
            push_signed(&mut bytes, signed);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(pull_unsigned(&mut rest), Some(number));
            prop_assert_eq!(pull_signed(&mut rest), Some(signed));
            prop_assert!(rest.is_empty());
        }
    }
}
