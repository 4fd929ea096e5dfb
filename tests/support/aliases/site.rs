//! Origins of a few pages, some of which are redirects to others; a page changes when a test says so.

use std::collections::VecDeque;
use std::sync::Mutex;

use httpcache::error::Result;
use httpcache::http::{Request, ResponseHead};
use httpcache::transport::{Reply, Transfer, TransferSettings, Transport};

/// So many pages there are.
pub const PAGES: usize = 5;

/// What a page is answered with.
#[derive(Clone, Debug)]
pub struct Page {
    /// A redirect to the one that is so many behind it, with this status.
    pub redirect: Option<(u16, usize)>,
    /// In another form of URL: relative, absolute, with a parameter.
    pub form: usize,
    /// Seconds of freshness; `None`: it is not to be stored.
    pub fresh: Option<u32>,
    pub vary: Option<&'static str>,
    /// It is for all, whoever asked.
    pub is_public: bool,
    /// It confirms what is stored of it, with another Location if that changed.
    pub has_validator: bool,
    pub version: u32,
}

/// The pages, and what was asked for.
pub struct Site {
    pages: Mutex<Vec<Page>>,
    asked: Mutex<Vec<String>>,
}

struct Pieces(VecDeque<u8>);

/// The URL of a page. Two of them are of another origin.
pub fn url(page: usize) -> String {
    let host = if page < 3 { "h.test" } else { "g.test" };
    format!("http://{host}/{page}")
}

impl Site {
    pub fn new(pages: &[Page]) -> Self {
        Site {
            pages: Mutex::new(pages.to_vec()),
            asked: Mutex::default(),
        }
    }

    /// Puts another page in the place of one.
    pub fn change(&self, at: usize, page: &Page) {
        let mut pages = self.pages.lock().unwrap();
        let version = pages[at].version + 1;
        pages[at] = Page {
            version,
            ..page.clone()
        };
    }

    /// What was asked for since it was last said.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn location(page: &Page, to: usize) -> String {
    match page.form {
        0 => url(to),
        1 => format!("{}?x=1", url(to)),
        2 => format!("{}?x=1&token=secret", url(to)),
        _ => format!("{to}"),
    }
}

impl Transport for Site {
    fn start(&self, request: &Request, _: &TransferSettings) -> Result<Reply> {
        let lines = request.fields.iter().map(|(name, value)| {
            let (name, value) = (
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(value),
            );
            format!("{name}: {value}\n")
        });
        let (method, target) = (request.method.as_str(), request.url.as_str());
        let line = format!("{method} {target}\n{}", lines.collect::<String>());
        self.asked.lock().unwrap().push(line);
        let number = request.url.without_query().bytes().last().unwrap();
        let at = usize::from(number.wrapping_sub(b'0')) % PAGES;
        let mut page = self.pages.lock().unwrap()[at].clone();
        page.redirect = page
            .redirect
            .map(|(status, behind)| (status, (at + behind) % PAGES));
        Ok(answer(request, &page))
    }
}

fn answer(request: &Request, page: &Page) -> Reply {
    let etag = format!("\"{}\"", page.version / 2);
    let validators = request.fields.first(b"If-None-Match");
    let is_there = page.has_validator && validators == Some(etag.as_bytes());
    let status = match page.redirect {
        _ if is_there => 304,
        _ if request.method.as_str() == "PUT" => 200,
        Some((status, _)) => status,
        None => 200,
    };
    let mut head = ResponseHead::new(status, b"").unwrap();
    let mut add = |name: &str, value: &str| {
        head.fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    };
    if let Some((_, to)) = page.redirect {
        add("Location", &location(page, to));
    }
    if page.has_validator {
        add("ETag", &etag);
    }
    let public = if page.is_public { ", public" } else { "" };
    match page.fresh {
        Some(seconds) => add("Cache-Control", &format!("max-age={seconds}{public}")),
        None => add("Cache-Control", "no-store"),
    }
    if let Some(vary) = page.vary {
        add("Vary", vary);
    }
    let has_body = request.method.as_str() != "HEAD" && !is_there;
    let body = match has_body {
        true => format!("version {}", page.version),
        false => String::new(),
    };
    Reply {
        head,
        body: Box::new(Pieces(body.into_bytes().into())),
    }
}

impl Transfer for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let n = buffer.len().min(self.0.len()).min(5);
        for (to, byte) in buffer.iter_mut().zip(self.0.drain(..n)) {
            *to = byte;
        }
        Ok(n)
    }
}
