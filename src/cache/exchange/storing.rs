//! A body on its way into the store: in memory while it is small, then in a file.

use super::Exchange;
use crate::cache::Cache;
use crate::cache::body::{Body, Bytes};
use crate::cache::shelf::{self, Entry};
use crate::error::{Error, Kind, Result};
use crate::http::response::Framing;
use crate::http::{Fields, ResponseHead};
use crate::key::credentials::{Mark, NOBODY};
use crate::key::matching::Matching;
use crate::key::selecting::{self, Vary, vary};
use crate::policy::range::ContentRange;
use crate::policy::reason::Reason;
use crate::policy::said::Said;
use crate::record::{Head, INLINE_LIMIT, Record, Selecting, Stamp};
use crate::storage::{BLOCK, BodyRef, BodyWriter, Store};

/// An answer of the origin that is being stored.
pub(super) struct Storing {
    pub(super) head: ResponseHead,
    pub(super) stamp: Stamp,
    /// The part of the representation that it is; `None` when it is all of it.
    pub(super) part: Option<ContentRange>,
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
pub(in crate::cache) enum Arrived {
    Memory(Vec<u8>),
    File(BodyRef),
}

impl Storing {
    pub(super) fn new(
        head: ResponseHead,
        stamp: Stamp,
        part: Option<ContentRange>,
        framing: Framing,
        limit: Option<u64>,
    ) -> Self {
        Storing {
            head,
            stamp,
            part,
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
            Sink::Dropped(_) => Ok(()),
            sink => sink.take(data, &mut || cache.current_store()?.create_body()),
        }
    }

    /// Ends the body; if it is not to be stored, why.
    pub(super) fn finish(&mut self, cache: &Cache) -> std::result::Result<Arrived, Reason> {
        if matches!(self.framing, Framing::Length(announced) if self.received != announced) {
            return Err(Reason::Framing);
        }
        let sink = std::mem::replace(&mut self.sink, Sink::Dropped(Reason::None));
        sink.finish().map_err(|reason| match reason {
            Refused::For(reason) => reason,
            Refused::By(error) => {
                cache.report_fault("storing a body", &error);
                Reason::Store
            }
        })
    }
}

enum Refused {
    For(Reason),
    By(Error),
}

impl Sink {
    fn take(&mut self, data: &[u8], create: &mut dyn FnMut() -> Result<BodyWriter>) -> Result<()> {
        match self {
            Sink::Memory(memory) if memory.len() + data.len() <= INLINE_LIMIT => {
                let no_memory = |_| Error::new(Kind::NoMemory, "no memory for a body");
                memory.try_reserve(data.len()).map_err(no_memory)?;
                memory.extend_from_slice(data);
                Ok(())
            }
            Sink::Memory(memory) => {
                let mut file = create()?;
                file.write(memory)?;
                file.write(data)?;
                *self = Sink::File(file);
                Ok(())
            }
            Sink::File(file) => file.write(data),
            Sink::Dropped(_) => Ok(()),
        }
    }

    fn finish(self) -> std::result::Result<Arrived, Refused> {
        match self {
            Sink::Memory(memory) => Ok(Arrived::Memory(memory)),
            Sink::File(file) => file.finish().map(Arrived::File).map_err(Refused::By),
            Sink::Dropped(reason) => Err(Refused::For(reason)),
        }
    }
}

/// Puts bodies one after another into one.
pub(in crate::cache) fn joined(
    store: &Store,
    bodies: impl IntoIterator<Item = Body>,
) -> Result<Arrived> {
    let mut sink = Sink::Memory(Vec::new());
    let mut piece = Vec::new();
    let no_memory = |_| Error::new(Kind::NoMemory, "no memory for a piece of a body");
    piece.try_reserve_exact(BLOCK).map_err(no_memory)?;
    piece.resize(BLOCK, 0);
    for mut body in bodies {
        loop {
            let n = body.read(&mut piece)?;
            let Some(data) = piece.get(..n).filter(|data| !data.is_empty()) else {
                break;
            };
            sink.take(data, &mut || store.create_body())?;
        }
    }
    sink.finish().map_err(|refused| match refused {
        Refused::By(error) => error,
        Refused::For(_) => Error::new(Kind::Internal, "a joined body was dropped"),
    })
}

/// What is to be written for a response, and the head it is found with from then on.
pub(super) fn entry(
    store: &Store,
    key: &[u8],
    who: &Selector<'_>,
    response: &ResponseHead,
    stamp: &Stamp,
    request: &[u8],
    body: BodySource<'_>,
) -> Result<(Entry, Head)> {
    let Vary::Fields(names) = vary(&response.fields) else {
        return Err(Error::new(
            Kind::Internal,
            "a response that no request matches is stored",
        ));
    };
    let secret = store.secret();
    let Selector {
        fields,
        mark,
        matching,
    } = *who;
    let variant = selecting::variant_id(fields, &names, &mark, &matching, secret);
    let selecting: Selecting = names
        .iter()
        .map(|name| {
            (
                name.clone(),
                selecting::value(fields, name, &matching, secret),
            )
        })
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
        request,
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

/// What selects an entry besides its key: the request's fields, and whose credentials fetched it.
#[derive(Clone, Copy)]
pub(super) struct Selector<'a> {
    pub(super) fields: &'a Fields,
    pub(super) mark: Mark,
    pub(super) matching: Matching<'a>,
}

impl Exchange {
    /// Who may select what is stored now. A shared cache keeps under nobody's credentials what it may give to all
    /// (RFC 9111 §3.5).
    pub(super) fn selector(&self, said: &Said) -> Selector<'_> {
        let settings = self.settings();
        let is_for_all = settings.shared && said.directives.allow_sharing();
        Selector {
            fields: &self.matched().fields,
            mark: if is_for_all { NOBODY } else { self.mark },
            matching: settings.matching(),
        }
    }
}

/// Where the body of an entry comes from.
pub(super) enum BodySource<'a> {
    /// It arrived now.
    New(&'a Arrived),
    /// It is stored, and the response is freshened.
    Kept(&'a Head, &'a [u8]),
}

impl Arrived {
    /// Its length.
    pub(super) fn len(&self) -> u64 {
        match self {
            Arrived::Memory(memory) => memory.len() as u64,
            Arrived::File(file) => file.len,
        }
    }

    /// A body to read, beside the one that is stored.
    pub(super) fn body(&self, store: &Store) -> Result<Body> {
        Ok(match self {
            Arrived::Memory(memory) => Body::memory(Bytes::from(memory.as_slice())),
            Arrived::File(file) => Body::File(store.open_body(file)?),
        })
    }

    /// Removes the file of what is not stored after all.
    pub(in crate::cache) fn discard(&self, store: &Store) -> Result<()> {
        match self {
            Arrived::Memory(_) => Ok(()),
            Arrived::File(file) => store.discard_body(file),
        }
    }

    /// The body to read.
    pub(super) fn into_body(self, store: &Store) -> Result<Body> {
        Ok(match self {
            Arrived::Memory(memory) => Body::memory(Bytes::from(memory)),
            Arrived::File(file) => Body::File(store.open_body(&file)?),
        })
    }
}
