//! A body on its way into the store: in memory while it is small, then in a file.

use crate::cache::Cache;
use crate::cache::body::{Body, Bytes};
use crate::cache::shelf::{self, Entry};
use crate::error::{Error, Kind, Result};
use crate::http::response::Framing;
use crate::http::{Fields, ResponseHead};
use crate::key::credentials;
use crate::key::selecting::{self, Vary, vary};
use crate::policy::reason::Reason;
use crate::record::{Head, INLINE_LIMIT, Record, Selecting, Stamp};
use crate::storage::{BodyRef, BodyWriter, Store};

/// An answer of the origin that is being stored.
pub(super) struct Storing {
    head: ResponseHead,
    stamp: Stamp,
    framing: Framing,
    limit: Option<u64>,
    received: u64,
    sink: Sink,
}

enum Sink {
    Memory(Vec<u8>),
    File(BodyWriter),
    /// No longer stored.
    Dropped(Reason),
}

/// A body that arrived whole.
pub(super) enum Arrived {
    Memory(Vec<u8>),
    File(BodyRef),
}

impl Storing {
    pub(super) fn new(
        head: ResponseHead,
        stamp: Stamp,
        framing: Framing,
        limit: Option<u64>,
    ) -> Self {
        Storing {
            head,
            stamp,
            framing,
            limit,
            received: 0,
            sink: Sink::Memory(Vec::new()),
        }
    }

    /// Takes the next bytes; says whether the body is still being stored.
    pub(super) fn write(&mut self, cache: &Cache, data: &[u8]) -> bool {
        self.received = self.received.saturating_add(data.len() as u64);
        if matches!(self.framing, Framing::Length(announced) if self.received > announced) {
            self.sink = Sink::Dropped(Reason::Framing);
        } else if self.limit.is_some_and(|limit| self.received > limit) {
            self.sink = Sink::Dropped(Reason::TooLarge);
        }
        if let Err(error) = self.take(cache, data) {
            cache.report_fault("storing a body", &error);
            self.sink = Sink::Dropped(Reason::Store);
        }
        !matches!(self.sink, Sink::Dropped(_))
    }

    fn take(&mut self, cache: &Cache, data: &[u8]) -> Result<()> {
        match &mut self.sink {
            Sink::Memory(memory) if memory.len() + data.len() <= INLINE_LIMIT => {
                let no_memory = |_| Error::new(Kind::NoMemory, "no memory for a body");
                memory.try_reserve(data.len()).map_err(no_memory)?;
                memory.extend_from_slice(data);
                Ok(())
            }
            Sink::Memory(memory) => {
                let mut file = cache.current_store()?.create_body()?;
                file.write(memory)?;
                file.write(data)?;
                self.sink = Sink::File(file);
                Ok(())
            }
            Sink::File(file) => file.write(data),
            Sink::Dropped(_) => Ok(()),
        }
    }

    /// Ends the body; if it is not to be stored, why.
    pub(super) fn finish(
        self,
        cache: &Cache,
    ) -> std::result::Result<(Arrived, Stamp, ResponseHead), Reason> {
        if matches!(self.framing, Framing::Length(announced) if self.received != announced) {
            return Err(Reason::Framing);
        }
        let arrived = match self.sink {
            Sink::Memory(memory) => Arrived::Memory(memory),
            Sink::File(file) => Arrived::File(file.finish().map_err(|error| {
                cache.report_fault("storing a body", &error);
                Reason::Store
            })?),
            Sink::Dropped(reason) => return Err(reason),
        };
        Ok((arrived, self.stamp, self.head))
    }
}

/// What is to be written for a response, and the head it is found with from then on.
pub(super) fn entry(
    store: &Store,
    key: &[u8],
    fields: &Fields,
    response: &ResponseHead,
    stamp: &Stamp,
    body: BodySource<'_>,
) -> Result<(Entry, Head)> {
    let Vary::Fields(names) = vary(&response.fields) else {
        return Err(Error::new(
            Kind::Internal,
            "a response that no request matches is stored",
        ));
    };
    let secret = store.secret();
    let mark = credentials::mark(fields, secret);
    let variant = selecting::variant_id(fields, &names, &mark, secret);
    let selecting: Selecting = names
        .iter()
        .map(|name| (name.clone(), selecting::value(fields, name, secret)))
        .collect();
    let (id, file, inline) = match body {
        BodySource::New(Arrived::Memory(memory)) => (shelf::new_id()?, None, memory.as_slice()),
        BodySource::New(Arrived::File(file)) => (file.id, Some(*file), &[][..]),
        BodySource::Kept(head, inline) => (head.id, shelf::body_file(head), inline),
    };
    let head = Head {
        status: response.status,
        body_is_file: file.is_some(),
        stamp: *stamp,
        key_len: 0,
        meta_len: 0,
        body_len: file.map_or(0, |file| file.len),
        body_sum: file.map_or(0, |file| file.sums),
        mark,
        id,
        variant,
    };
    let record = Record {
        head,
        key,
        response,
        selecting: &selecting,
        body: inline,
    }
    .encode()?;
    Ok((
        Entry {
            record,
            variant,
            names,
            file,
        },
        head,
    ))
}

/// Where the body of an entry comes from.
pub(super) enum BodySource<'a> {
    /// It arrived now.
    New(&'a Arrived),
    /// It is stored, and the response is freshened.
    Kept(&'a Head, &'a [u8]),
}

impl Arrived {
    /// The body to read.
    pub(super) fn into_body(self, store: &Store) -> Result<Body> {
        Ok(match self {
            Arrived::Memory(memory) => Body::memory(Bytes::from(memory)),
            Arrived::File(file) => Body::File(store.open_body(&file)?),
        })
    }
}
