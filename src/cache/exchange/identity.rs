//! What the request is to the cache: its key, and whose it is.

use std::sync::Arc;

use super::{Exchange, Phase};
use crate::cache::own_key::{self, KeySink};
use crate::cache::{Cache, Request};
use crate::error::{Kind, Result};
use crate::http;
use crate::key::matching::Matching;
use crate::key::{self, Identity, MethodClass, PrimaryKey, credentials};
use crate::policy::admit::{Admission, admit};

impl Exchange {
    /// The key of what is stored for a request; `None` where the cache has no part in it.
    pub(in crate::cache) fn key_of_request(
        cache: &Arc<Cache>,
        request: &Arc<Request>,
    ) -> Result<Option<PrimaryKey>> {
        let mut exchange = Exchange::begin_with(cache, request)?;
        let Admission::LookUp(class, _) = admit(&request.http, exchange.settings()) else {
            return Ok(None);
        };
        exchange.secret = Some(*cache.current_store()?.secret());
        exchange.identify(class)?;
        Ok(exchange.key)
    }

    /// Makes the key of what a complete response is stored under, and finds out whose it is. The caller's functions run
    /// here, and nowhere else; an error is theirs.
    pub(super) fn identify(&mut self, class: MethodClass) -> Result<()> {
        self.class = class;
        let own = &self.cache.options.own_matching;
        if own.calls_back() {
            let _inside = own_key::enter(&self.cache.inside)?;
            self.matched = own.normalised(&self.request)?;
            let matched = self.matched.as_ref().unwrap_or(&self.request);
            let sink = KeySink::new(self.settings().clone(), self.secret());
            self.own_key = own.key(matched, sink)?;
        }
        let identity = self.identity(self.matched(), class);
        self.mark = identity.mark;
        self.has_credentials = identity.has_credentials;
        if self.matched.is_some() {
            // What a request is to be compared by is the caller's affair; by whose right it was answered is not.
            let sent = self.identity(&self.request.http, class);
            self.mark = credentials::both(&sent.mark, &identity.mark, &self.secret());
            self.has_credentials |= sent.has_credentials;
        }
        self.key = Some(identity.key);
        Ok(())
    }

    /// Says what follows from an error of [`Exchange::identify`]: a misuse is one, all else goes past the cache.
    pub(super) fn past_identity(&mut self, error: crate::error::Error) -> Result<()> {
        self.key = None;
        if error.kind() == Kind::Misuse {
            self.phase = Phase::Ended;
            return Err(error);
        }
        self.cache.report_fault("making a key", &error);
        Ok(())
    }

    /// What a response to this request is stored under in a class.
    pub(super) fn key_for(&self, class: MethodClass) -> PrimaryKey {
        self.identity(self.matched(), class).key
    }

    /// The same for another request than this one, by the same settings.
    pub(super) fn identity(&self, request: &http::Request, class: MethodClass) -> Identity {
        let secret = self.secret();
        let mut identity = key::identify(request, class, &self.matching(), &secret);
        if let Some(matched) = &self.matched {
            // What is stored is of the URL that is asked for, whatever was made of it.
            if matched.http.url != self.request.http.url {
                identity.key.uri = self.uri_row(self.request.http.url.as_str());
            }
        }
        identity
    }

    /// The row of all that is stored of a URL.
    pub(super) fn uri_row(&self, url: &str) -> [u8; key::URL_SIZE] {
        key::uri_row(url, &self.settings().matching(), &self.secret())
    }

    /// The request as keys and `Vary` see it.
    pub(super) fn matched(&self) -> &http::Request {
        &self.matched.as_ref().unwrap_or(&self.request).http
    }

    /// Which requests are the same.
    pub(super) fn matching(&self) -> Matching<'_> {
        Matching {
            own_key: self.own_key.as_deref(),
            ..self.settings().matching()
        }
    }
}
