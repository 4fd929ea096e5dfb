//! Which settings made a key: each stored request carries their id, so that a later cache knows what to make anew.

use super::Settings;
use crate::key::push_part;

/// Goes up when keys are made in another way.
const VERSION: u8 = 1;

impl Settings {
    /// The id of all that decides how keys are made.
    pub fn key_id(&self) -> [u8; 8] {
        let switches = [
            VERSION,
            u8::from(self.cache_control),
            u8::from(self.sorts_query()),
        ];
        let mut text = switches.to_vec();
        for name in self.lists.ignored.iter() {
            push_part(&mut text, name.as_bytes());
        }
        let hash = blake3::hash(&text);
        hash.as_bytes().first_chunk().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{list, option};

    #[test]
    fn other_keys_have_another_id() {
        let of = |change: &dyn Fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            settings.key_id()
        };
        let default = of(&|_| ());
        assert_eq!(
            default,
            of(&|settings| settings.set(option::FOLLOW, 0).unwrap())
        );
        let others = [
            default,
            of(&|settings| settings.set(option::CACHE_CONTROL, 1).unwrap()),
            of(&|settings| settings.set(option::SORT_QUERY, 0).unwrap()),
            of(&|settings| settings.add(list::IGNORED, b"page").unwrap()),
            of(&|settings| settings.clear(list::IGNORED).unwrap()),
        ];
        for (at, one) in others.iter().enumerate() {
            assert!(!others[..at].contains(one), "{at}");
        }
    }
}
