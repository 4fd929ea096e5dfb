//! The row of a primary key that has several variants: which field sets select them, and which there are.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Kind, Result};
use crate::key::VariantId;

const MAGIC: [u8; 4] = *b"hcV1";
const SUM_END: usize = MAGIC.len() + 8;

/// The variants of one primary key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variants {
    /// Each list of names that a `Vary` of a variant had: lower-case, sorted.
    pub sets: Vec<Vec<String>>,
    /// The variants, the one stored first at the front.
    pub ids: Vec<VariantId>,
}

impl Variants {
    /// Whether a row's value is such a list, and not a record.
    pub fn is_list(value: &[u8]) -> bool {
        value.starts_with(&MAGIC)
    }

    /// Reads the list; `None` when it is damaged.
    pub fn decode(value: &[u8]) -> Option<Self> {
        let sum = value.get(MAGIC.len()..SUM_END)?.first_chunk()?;
        let list = value.get(SUM_END..)?;
        if !Self::is_list(value) || xxh3_64(list) != u64::from_le_bytes(*sum) {
            return None;
        }
        rmp_serde::from_slice(list).ok()
    }

    /// The row's value.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let list = rmp_serde::to_vec(self).map_err(|error| {
            Error::new(
                Kind::Internal,
                format!("a list of variants cannot be written: {error}"),
            )
        })?;
        let mut value = MAGIC.to_vec();
        value.extend_from_slice(&xxh3_64(&list).to_le_bytes());
        value.extend_from_slice(&list);
        Ok(value)
    }

    /// Enters a variant as the newest, and gives those that are too many now.
    pub fn enter(&mut self, id: VariantId, names: Vec<String>, most: usize) -> Vec<VariantId> {
        self.ids.retain(|other| *other != id);
        self.ids.push(id);
        if !self.sets.contains(&names) {
            self.sets.push(names);
        }
        // A server that names other fields each time must not make every lookup longer.
        let surplus_sets = self.sets.len().saturating_sub(most);
        self.sets.drain(..surplus_sets);
        let surplus = self.ids.len().saturating_sub(most);
        self.ids.drain(..surplus).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first() {
        let mut variants = Variants::default();
        let names = vec!["accept".to_owned()];
        for id in 0..5 {
            let gone = variants.enter([id; 16], names.clone(), 3);
            let expected: Vec<VariantId> = if id < 3 { vec![] } else { vec![[id - 3; 16]] };
            assert_eq!(gone, expected);
        }
        assert_eq!(
            variants.enter([3; 16], names.clone(), 3),
            Vec::<VariantId>::new()
        );
        assert_eq!(variants.ids, [[2; 16], [4; 16], [3; 16]]);
        assert_eq!(variants.sets, [names]);
    }

    #[test]
    fn a_damaged_list_is_none() {
        let mut variants = Variants::default();
        variants.enter([1; 16], vec!["accept".into()], 9);
        let good = variants.encode().unwrap();
        assert_eq!(Variants::decode(&good), Some(variants));
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(Variants::decode(&bad), None, "byte {at}");
        }
    }
}
