//! An answer, and how it is written.

use std::io::{self, Write};
use std::net::TcpStream;
use std::ops::Range;

const PIECE: u64 = 64 * 1024;

/// Writes to the connection, in pieces of a given size.
pub struct Output<'a> {
    stream: &'a TcpStream,
    piece: usize,
}

impl<'a> Output<'a> {
    pub fn new(stream: &'a TcpStream, piece: Option<u64>) -> Self {
        Output {
            stream,
            piece: piece.map_or(usize::MAX, |n| n.max(1) as usize),
        }
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        bytes
            .chunks(self.piece)
            .try_for_each(|piece| self.stream.write_all(piece))
    }
}

/// The content of an answer.
pub enum Content {
    Bytes(Vec<u8>),
    /// These bytes of the generator.
    Generated {
        seed: u64,
        range: Range<u64>,
    },
}

/// An answer that is well-formed.
pub struct Answer {
    pub status: u16,
    pub fields: Vec<(String, Vec<u8>)>,
    pub content: Content,
    pub chunked: bool,
    /// So many bytes of the content are sent.
    pub stop: u64,
}

impl Answer {
    pub fn new(status: u16, content: impl Into<Vec<u8>>) -> Self {
        let content = Content::Bytes(content.into());
        Answer {
            status,
            fields: Vec::new(),
            content,
            chunked: false,
            stop: u64::MAX,
        }
    }

    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Writes the answer to a request of `method`.
    pub fn send(&self, method: &str, output: &mut Output) -> io::Result<()> {
        let without_content = self.status < 200 || matches!(self.status, 204 | 304);
        output.send(&self.head(without_content))?;
        if without_content || method == "HEAD" {
            return Ok(());
        }
        let end = self.len().min(self.stop);
        let mut at = 0;
        while at < end {
            let piece = self.piece(at..end.min(at + PIECE));
            if self.chunked {
                output.send(format!("{:x}\r\n", piece.len()).as_bytes())?;
            }
            output.send(&piece)?;
            if self.chunked {
                output.send(b"\r\n")?;
            }
            at += piece.len() as u64;
        }
        if self.chunked && end == self.len() {
            output.send(b"0\r\n\r\n")
        } else {
            Ok(())
        }
    }

    fn head(&self, without_content: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into_bytes();
        for (name, value) in &self.fields {
            head.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        match (without_content, self.chunked) {
            (true, _) => {}
            (false, true) => head.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            (false, false) => {
                head.extend_from_slice(format!("Content-Length: {}\r\n", self.len()).as_bytes());
            }
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    fn len(&self) -> u64 {
        match &self.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Generated { range, .. } => range.end - range.start,
        }
    }

    fn piece(&self, part: Range<u64>) -> Vec<u8> {
        match &self.content {
            Content::Bytes(bytes) => bytes[part.start as usize..part.end as usize].to_vec(),
            Content::Generated { seed, range } => {
                generated(*seed, range.start + part.start..range.start + part.end)
            }
        }
    }
}

/// Bytes of the generator: byte `i` is `((i + seed) * 2654435761 >> 24) & 255` in unsigned 64 bits.
pub fn generated(seed: u64, range: Range<u64>) -> Vec<u8> {
    range
        .map(|i| (i.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        302 => "Found",
        304 => "Not Modified",
        404 => "Not Found",
        416 => "Range Not Satisfiable",
        _ => "Test",
    }
}
