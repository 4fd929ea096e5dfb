//! Keys as they are printed, read back.

use super::{Key, ROW_SIZE, VARIANT_SIZE};

/// What a printed key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Printed {
    /// All variants of a primary key, by its row.
    Primary([u8; ROW_SIZE]),
    /// One stored response.
    One(Key),
}

impl Printed {
    /// Reads what [`super::PrimaryKey`] or [`Key`] printed; `None`: it is neither.
    pub fn read(text: &[u8]) -> Option<Self> {
        let (primary, behind) = text.split_at_checked(ROW_SIZE * 2)?;
        let row = bytes(primary)?;
        if behind.is_empty() {
            return Some(Printed::Primary(row));
        }
        let variant = bytes::<VARIANT_SIZE>(behind.strip_prefix(b"-")?)?;
        Some(Printed::One(Key { row, variant }))
    }

    /// The row of the primary key.
    pub fn row(&self) -> &[u8; ROW_SIZE] {
        match self {
            Printed::Primary(row) => row,
            Printed::One(key) => &key.row,
        }
    }
}

fn bytes<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? << 4 | low?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::PrimaryKey;

    #[test]
    fn what_is_printed_is_read_back() {
        let row = std::array::from_fn(|at| at as u8 * 7);
        let key = Key {
            row,
            variant: [0xfe; VARIANT_SIZE],
        };
        let primary = PrimaryKey {
            row,
            uri: [0; 16],
            text: vec![],
        };
        let read = |text: String| Printed::read(text.as_bytes());
        assert_eq!(read(key.to_string()), Some(Printed::One(key)));
        assert_eq!(read(primary.to_string()), Some(Printed::Primary(row)));
    }

    #[test]
    fn nothing_else_is_a_key() {
        let good = "0f".repeat(32);
        let variant = "0f".repeat(16);
        for bad in [
            "".to_owned(),
            "0f".to_owned(),
            good.replacen('f', "g", 1),
            good.replacen("0f", "+f", 1),
            format!("{good}-"),
            format!("{good}0f"),
            format!("{good}-{variant}0f"),
            format!("{good}_{variant}"),
            format!("{good} "),
        ] {
            assert_eq!(Printed::read(bad.as_bytes()), None, "{bad}");
        }
    }
}
