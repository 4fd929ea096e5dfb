//! The settings of one request, which are laid over those of the cache.

use std::borrow::Cow;
use std::sync::Arc;

use super::lists::list;
use super::{Settings, UNSET, find, lists, option};
use crate::error::{Error, Kind, Result};
use crate::transport::Authority;

/// Options and names of one request, in the order they were set.
#[derive(Clone, Debug, Default)]
pub struct Overrides(Vec<(i32, Value)>);

#[derive(Clone, Debug)]
enum Value {
    Number(i64),
    Partition(Option<Arc<[u8]>>),
    Authority(Option<Arc<Authority>>),
}

impl Overrides {
    /// Sets one option for this request alone. [`UNSET`] takes it back: the cache's own holds again.
    pub fn set(&mut self, number: i32, value: i64) -> Result<()> {
        let spec = find(number)?;
        if !spec.per_request {
            let message = format!("{} is an option of a cache, not of a request", spec.name);
            return Err(Error::new(Kind::Argument, message));
        }
        if value != UNSET {
            spec.check(value)?;
        }
        self.take_back(number);
        if value != UNSET {
            self.0.push((number, Value::Number(value)));
        }
        Ok(())
    }

    /// Sets one name for this request alone; without a value the request has none, whatever the cache has.
    pub fn set_name(&mut self, number: i32, value: Option<&[u8]>) -> Result<()> {
        let value = match number {
            list::PARTITION => Value::Partition(lists::partition(value)?),
            list::CA_FILE => Value::Authority(lists::authority(value)?),
            list::CACHE_NAME => {
                let message = "HC_STR_CACHE_NAME is a name of a cache, not of a request";
                return Err(Error::new(Kind::Argument, message));
            }
            _ => return Err(lists::unknown(number)),
        };
        self.take_back(number);
        self.0.push((number, value));
        Ok(())
    }

    /// The number that an option of this request was set to.
    pub fn get(&self, number: i32) -> Result<Option<i64>> {
        find(number)?;
        Ok(self.0.iter().find_map(|(other, value)| match value {
            Value::Number(value) if *other == number => Some(*value),
            _ => None,
        }))
    }

    fn take_back(&mut self, number: i32) {
        // The two ways to say an expiry are one setting: the last one set holds.
        let same = |other: i32| match number {
            option::EXPIRE_AFTER | option::EXPIRE_AT => {
                matches!(other, option::EXPIRE_AFTER | option::EXPIRE_AT)
            }
            _ => other == number,
        };
        self.0.retain(|(other, _)| !same(*other));
    }
}

impl Settings {
    /// Lays the options of one request over these.
    pub fn with<'a>(&'a self, overrides: &Overrides) -> Cow<'a, Settings> {
        if overrides.0.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut settings = self.clone();
        for (number, value) in &overrides.0 {
            match value {
                Value::Number(value) => settings.assign(*number, *value),
                Value::Partition(partition) => settings.partition.clone_from(partition),
                Value::Authority(authority) => settings.trust(authority.clone()),
            }
            settings.has_own_expiry |= matches!(*number, option::EXPIRE_AFTER | option::EXPIRE_AT);
        }
        Cow::Owned(settings)
    }
}
