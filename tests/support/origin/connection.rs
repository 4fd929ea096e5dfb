//! One connection: requests are read, and answered one after the other.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};

use super::answer::Output;
use super::routes;
use super::state::State;
use super::target::Target;

const MAX_HEAD: u64 = 16 << 20;

/// A request as it was received.
pub struct Asked {
    /// The head as it was received.
    pub head: Vec<u8>,
    pub method: String,
    /// As it stands in the request line.
    pub target_text: String,
    pub target: Target,
    pub fields: Vec<(String, Vec<u8>)>,
    /// The content; chunks are joined.
    pub body: Vec<u8>,
    pub connection: u64,
    /// The first on a connection is 1.
    pub nth: u64,
}

/// What becomes of the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Keep,
    Close,
    Reset,
    Stall,
}

impl Asked {
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let named = self
            .fields
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_slice())
    }

    fn field_contains(&self, name: &str, part: &str) -> bool {
        let value = self.field(name).unwrap_or_default();
        String::from_utf8_lossy(value)
            .to_ascii_lowercase()
            .contains(part)
    }
}

pub fn serve(stream: &TcpStream, number: u64, state: &State) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut nth = 0;
    loop {
        nth += 1;
        let Some(asked) = read(&mut reader, stream, number, nth)? else {
            return Ok(());
        };
        let output = Output::new(stream, asked.target.number("chunk"));
        let wants_close = asked.field_contains("Connection", "close");
        match routes::answer(&asked, state, output)? {
            Then::Keep if !wants_close => {}
            Then::Keep | Then::Close => return close(stream),
            Then::Reset => return reset(stream),
            Then::Stall => return io::copy(&mut reader, &mut io::sink()).map(drop),
        }
    }
}

fn read(
    reader: &mut BufReader<&TcpStream>,
    stream: &TcpStream,
    connection: u64,
    nth: u64,
) -> io::Result<Option<Asked>> {
    let Some(head) = read_head(reader)? else {
        return Ok(None);
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut lines = head
        .split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let request_line = text(lines.next().unwrap_or_default());
    let mut words = request_line.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target_text = words.next().unwrap_or_default().to_owned();
    let fields = lines.filter_map(|line| {
        let colon = line.iter().position(|b| *b == b':')?;
        Some((
            text(&line[..colon]),
            line[colon + 1..].trim_ascii().to_vec(),
        ))
    });
    let (fields, target) = (fields.collect(), Target::parse(&target_text));
    let body = Vec::new();
    let mut asked = Asked {
        head,
        method,
        target_text,
        target,
        fields,
        body,
        connection,
        nth,
    };
    if asked.field_contains("Expect", "100-continue") {
        (&mut &*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    asked.body = read_body(reader, &asked)?;
    Ok(Some(asked))
}

/// Reads up to the empty line; `None` when the client ends before it.
fn read_head(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        let before = head.len();
        reader.take(MAX_HEAD).read_until(b'\n', &mut head)?;
        if head.len() == before || head.len() as u64 > MAX_HEAD {
            return Ok(None);
        }
    }
    Ok(Some(head))
}

fn read_body(reader: &mut BufReader<&TcpStream>, asked: &Asked) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if asked.field_contains("Transfer-Encoding", "chunked") {
        while read_chunk(reader, &mut body)? {}
        return Ok(body);
    }
    let length = asked
        .field("Content-Length")
        .and_then(|value| std::str::from_utf8(value).ok());
    if let Some(length) = length.and_then(|value| value.parse().ok()) {
        read_exactly(reader, length, &mut body)?;
    }
    Ok(body)
}

/// Reads a chunk; `false` after the last and its trailers.
fn read_chunk(reader: &mut BufReader<&TcpStream>, body: &mut Vec<u8>) -> io::Result<bool> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let size = line.split(';').next().unwrap_or_default().trim();
    let size = u64::from_str_radix(size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
    read_exactly(reader, size, body)?;
    loop {
        line.clear();
        // After a chunk this is its line end; after the last, trailers and the empty line.
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() || size > 0 {
            return Ok(size > 0);
        }
    }
}

fn read_exactly(
    reader: &mut BufReader<&TcpStream>,
    length: u64,
    body: &mut Vec<u8>,
) -> io::Result<()> {
    let read = reader.take(length).read_to_end(body)?;
    if read as u64 == length {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Ends the connection so that the last bytes arrive: what the client still sends is read, since closing
/// over unread bytes resets the connection.
fn close(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

#[cfg(unix)]
fn reset(stream: &TcpStream) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let linger = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    let size = std::mem::size_of::<libc::linger>() as libc::socklen_t;
    let value = std::ptr::from_ref(&linger).cast();
    // SAFETY: the descriptor is open, and the value has the size that is given.
    unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            value,
            size,
        )
    };
    Ok(())
}

#[cfg(not(unix))]
fn reset(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Both)
}
