//! The caller's own say in which requests are the same.

use std::sync::Arc;
use std::thread::{self, ThreadId};

use super::Request;
use super::held::Held;
use crate::error::{Error, Kind, Result};
use crate::http;
use crate::key::matching::Matching;
use crate::key::names::field_name;
use crate::key::url::canonical;
use crate::key::{MethodClass, content_of, encoded, identify, selecting};
use crate::policy::admit::{Admission, admit};
use crate::settings::Settings;

/// Longer keys are none.
pub const MOST_BYTES: usize = 64 * 1024;

/// Where a key is written, and what the default one is made with.
pub struct KeySink {
    written: Vec<u8>,
    is_too_long: bool,
    settings: Settings,
    secret: [u8; 32],
}

impl KeySink {
    pub(super) fn new(settings: Settings, secret: [u8; 32]) -> Self {
        KeySink {
            written: Vec::new(),
            is_too_long: false,
            settings,
            secret,
        }
    }

    /// Takes the next bytes of the key. Beyond [`MOST_BYTES`] nothing is kept.
    pub fn write(&mut self, data: &[u8]) -> Result<()> {
        let is_short = self.written.len().saturating_add(data.len()) <= MOST_BYTES;
        if self.is_too_long || !is_short {
            self.is_too_long = true;
            let message = format!("a key of more than {MOST_BYTES} bytes");
            return Err(Error::new(Kind::TooLarge, message));
        }
        self.written.extend_from_slice(data);
        Ok(())
    }

    /// Takes bytes behind their length, so that what comes next cannot be taken for a part of them.
    fn write_part(&mut self, data: &[u8]) -> Result<()> {
        self.write(&(data.len() as u64).to_le_bytes())?;
        self.write(data)
    }

    /// Takes the key that a request would have without a function for it.
    pub fn write_default_key(&mut self, request: &http::Request) -> Result<()> {
        let class = match admit(request, &self.settings) {
            Admission::LookUp(class, _) => class,
            _ => MethodClass::Other,
        };
        // The partition is added to a key of the caller's as to any other.
        let matching = Matching {
            partition: None,
            ..self.settings.matching()
        };
        let key = identify(request, class, &matching, &self.secret).key;
        let hash = blake3::hash(&key.text).to_hex();
        self.write_part(hash.as_bytes())
    }

    /// Takes a request's URL as it would stand in a key.
    pub fn write_url(&mut self, request: &http::Request) -> Result<()> {
        let url = canonical(
            request.url.as_str(),
            &self.settings.matching(),
            &self.secret,
        );
        let text = url.text.into_owned();
        self.write_part(text.as_bytes())
    }

    /// Takes what would stand in a key for a request's content.
    pub fn write_body(&mut self, request: &http::Request) -> Result<()> {
        let content = content_of(request, &self.settings.matching(), &self.secret);
        self.write_part(&content.as_ref().map(encoded).unwrap_or_default())
    }

    /// Takes the value of a request's field as it would stand in a key; says whether there is such a field.
    pub fn write_field(&mut self, request: &http::Request, name: &[u8]) -> Result<bool> {
        let name = field_name(name)?;
        let matching = self.settings.matching();
        let value = selecting::value(&request.fields, &name, &matching, &self.secret);
        let is_there = value.is_some();
        self.write(&[u8::from(is_there)])?;
        self.write_part(&value.unwrap_or_default())?;
        Ok(is_there)
    }

    fn finish(self) -> Option<Vec<u8>> {
        (!self.written.is_empty() && !self.is_too_long).then_some(self.written)
    }
}

/// What a function of the caller's gives, or the status with which it failed.
type Given<T> = std::result::Result<T, i32>;
type Make = dyn Fn(&Arc<Request>, KeySink) -> Given<KeySink> + Send + Sync;
type Change = dyn Fn(Request) -> Given<Arc<Request>> + Send + Sync;

/// The caller's functions. Thread: any.
#[derive(Clone, Default)]
pub struct OwnMatching {
    key: Option<Arc<Make>>,
    normaliser: Option<Arc<Change>>,
}

impl OwnMatching {
    /// Has `make` write the key of each request.
    pub fn set_key(
        &mut self,
        make: Option<impl Fn(&Arc<Request>, KeySink) -> Given<KeySink> + Send + Sync + 'static>,
    ) {
        self.key = make.map(|make| Arc::new(make) as Arc<Make>);
    }

    /// Has `change` make another request of a copy of each one, from which its key is made.
    pub fn set_normaliser(
        &mut self,
        change: Option<impl Fn(Request) -> Given<Arc<Request>> + Send + Sync + 'static>,
    ) {
        self.normaliser = change.map(|change| Arc::new(change) as Arc<Change>);
    }

    /// Whether there is a function.
    pub fn calls_back(&self) -> bool {
        self.key.is_some() || self.normaliser.is_some()
    }

    /// The request that the key is made from; `None`: it is the one that is sent.
    pub(super) fn normalised(&self, request: &Request) -> Result<Option<Arc<Request>>> {
        let Some(change) = &self.normaliser else {
            return Ok(None);
        };
        let mut changed = change(request.clone())
            .map_err(|status| failed("the function that normalises requests", status))?;
        let range = request.http.fields.first(b"Range");
        if changed.http.fields.first(b"Range") != range {
            // What is stored of a part is told by the part that is sent for.
            let fields = &mut Arc::make_mut(&mut changed).http.fields;
            fields.remove(b"Range");
            range.map_or(Ok(()), |range| fields.add(b"Range", range))?;
        }
        Ok(Some(changed))
    }

    /// The caller's key of a request; `None`: it has the default one.
    pub(super) fn key(&self, request: &Arc<Request>, sink: KeySink) -> Result<Option<Vec<u8>>> {
        let Some(make) = &self.key else {
            return Ok(None);
        };
        let sink =
            make(request, sink).map_err(|status| failed("the function that makes keys", status))?;
        match sink.finish() {
            Some(key) => Ok(Some(key)),
            None => {
                let message = "the function that makes keys wrote none, or one of over 64 KiB";
                Err(Error::new(Kind::Callback, message))
            }
        }
    }
}

fn failed(what: &str, status: i32) -> Error {
    Error::new(
        Kind::Callback,
        format!("{what} failed with status {status}"),
    )
}

/// The threads that are inside one of these functions: none of them may ask the same cache, which would ask the
/// function again.
pub(super) type Inside = Held<ThreadId>;

/// Marks this thread as inside until the mark is dropped; an error where it is inside already.
pub(super) fn enter(inside: &Inside) -> Result<Entered<'_>> {
    let thread = thread::current().id();
    match inside.with(|threads| threads.insert(thread)) {
        Some(false) => {
            let message = "a function that says which requests are the same asks its own cache";
            Err(Error::new(Kind::Misuse, message))
        }
        _ => Ok(Entered { inside, thread }),
    }
}

/// This thread is inside until it is dropped.
pub(super) struct Entered<'a> {
    inside: &'a Inside,
    thread: ThreadId,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.inside.with(|threads| threads.remove(&self.thread));
    }
}
