//! The settings that say which requests are the same.

use super::first_half;
use super::names::{Names, Treatment};
use super::{push_part, redact};

/// Which request fields are part of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MatchedFields {
    /// None: `Vary` alone selects by fields.
    #[default]
    None,
    /// Those of these names, in lower case, sorted.
    Listed(Vec<String>),
    /// All that are about the representation.
    All,
}

/// The fields whose lists mean the same in any order and letter case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unordered {
    /// Their names in lower case, besides Accept and its like.
    pub names: Vec<String>,
    /// All fields.
    pub all: bool,
}

/// The settings that say which requests are the same.
#[derive(Clone, Copy)]
pub struct Matching<'a> {
    /// Query parameters are sorted by name.
    pub sorts_query: bool,
    /// Names that are ignored, or secret.
    pub names: &'a Names,
    /// That an ignored parameter is there counts.
    pub presence_counts: bool,
    /// Request fields that are part of the key.
    pub fields: &'a MatchedFields,
    /// Fields whose order does not count.
    pub unordered: &'a Unordered,
    /// How TLS is verified, where that is another way than the usual.
    pub verification: Option<&'a [u8]>,
    /// Whose responses they are: a user, a tenant.
    pub partition: Option<&'a [u8]>,
    /// Credentials count for nothing.
    pub shares_credentials: bool,
    /// The user's own key, in place of all but partition and credentials.
    pub own_key: Option<&'a [u8]>,
    /// For tests: the hashes of all keys are the same.
    pub collides: bool,
}

impl<'a> Matching<'a> {
    /// The default, with these names.
    pub fn plain(names: &'a Names) -> Self {
        const UNORDERED: &Unordered = &Unordered {
            names: Vec::new(),
            all: false,
        };
        Matching {
            sorts_query: true,
            names,
            presence_counts: false,
            fields: &MatchedFields::None,
            unordered: UNORDERED,
            verification: None,
            partition: None,
            shares_credentials: false,
            own_key: None,
            collides: false,
        }
    }

    /// Whether a parameter of a query, by its name as it is written, is one that can stand in a key as it is. One that
    /// authenticates is looked at more closely, even where it is in the key.
    pub(super) fn is_plain(&self, name: &[u8]) -> bool {
        let is_decoded = !name.iter().any(|byte| matches!(byte, b'%' | b'+'));
        (is_decoded && !self.names.may_be_known(name))
            || (redact::of_encoded(self.names, name) == Treatment::Plain
                && !redact::authenticates(self.names, name))
    }

    /// A number for all that decides how a request's key is made, so that it can be told which stored responses
    /// were entered under other settings.
    pub fn id(&self) -> [u8; 8] {
        let mut text = vec![
            u8::from(self.sorts_query),
            u8::from(self.presence_counts),
            u8::from(self.unordered.all),
            u8::from(self.own_key.is_some()),
        ];
        push_list(&mut text, self.names.iter());
        push_list(&mut text, self.unordered.names.iter().map(String::as_str));
        match self.fields {
            MatchedFields::None => text.push(0),
            MatchedFields::Listed(names) => {
                text.push(1);
                push_list(&mut text, names.iter().map(String::as_str));
            }
            MatchedFields::All => text.push(2),
        }
        let mut id = [0; 8];
        let hash = first_half(blake3::hash(&text));
        id.copy_from_slice(hash.first_chunk::<8>().unwrap_or(&[0; 8]));
        id
    }
}

fn push_list<'n>(text: &mut Vec<u8>, names: impl Iterator<Item = &'n str>) {
    let mut list = Vec::new();
    for name in names {
        push_part(&mut list, name.as_bytes());
    }
    push_part(text, &list);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_settings_have_another_id() {
        let (default, mut more) = (Names::default(), Names::default());
        more.add(b"x").unwrap();
        let plain = Matching::plain(&default);
        let listed = MatchedFields::Listed(vec!["accept".into()]);
        let others = [
            Matching::plain(&more),
            Matching {
                sorts_query: false,
                ..plain
            },
            Matching {
                presence_counts: true,
                ..plain
            },
            Matching {
                fields: &listed,
                ..plain
            },
            Matching {
                fields: &MatchedFields::All,
                ..plain
            },
            Matching {
                own_key: Some(b"k"),
                ..plain
            },
        ];
        for (at, one) in others.iter().enumerate() {
            assert_ne!(one.id(), plain.id(), "{at}");
            assert!(
                others
                    .iter()
                    .skip(at + 1)
                    .all(|other| one.id() != other.id())
            );
        }
        let with_partition = Matching {
            partition: Some(b"p"),
            ..plain
        };
        assert_eq!(with_partition.id(), plain.id());
    }
}
