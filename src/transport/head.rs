//! The header section of an answer, line by line: from bytes, as broken as they come, to a head.

use crate::error::{Error, Kind, Result};
use crate::http::fields::{is_token, trim};
use crate::http::response::has_no_length_to_go_by;
use crate::http::{Fields, ResponseHead};

/// Reads the lines of header sections until the final one is complete. Interim answers (1xx) before it
/// and trailers after it are skipped, and count towards the limit of bytes: both may come without end.
#[derive(Debug)]
pub(crate) struct HeadReader {
    max_bytes: usize,
    max_fields: usize,
    seen_bytes: usize,
    seen_fields: usize,
    status: u16,
    reason: Vec<u8>,
    fields: Fields,
    /// The field last seen: it becomes one of `fields` when the next line shows that it is complete.
    open: Option<(Vec<u8>, Vec<u8>)>,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    StatusLine,
    Fields,
    After,
}

impl HeadReader {
    pub(crate) fn new(max_bytes: usize, max_fields: usize) -> Self {
        HeadReader {
            max_bytes,
            max_fields,
            seen_bytes: 0,
            seen_fields: 0,
            status: 0,
            reason: Vec::new(),
            fields: Fields::new(),
            open: None,
            place: Place::StatusLine,
        }
    }

    /// Takes one line with its line end.
    pub(crate) fn line(&mut self, line: &[u8]) -> Result<()> {
        self.seen_bytes = self.seen_bytes.saturating_add(line.len());
        if self.seen_bytes > self.max_bytes {
            let limit = self.max_bytes;
            return Err(too_large(format!(
                "the header section is longer than {limit} bytes"
            )));
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.place {
            Place::StatusLine => self.status_line(line),
            Place::Fields if line.is_empty() => self.end_of_section(),
            Place::Fields => self.field_line(line),
            Place::After => Ok(()),
        }
    }

    /// Whether the final header section is complete.
    pub(crate) fn is_complete(&self) -> bool {
        self.place == Place::After
    }

    /// The head, once it is complete.
    pub(crate) fn take(&mut self) -> Option<ResponseHead> {
        if !self.is_complete() || self.status == 0 {
            return None;
        }
        let status = std::mem::take(&mut self.status);
        let reason = std::mem::take(&mut self.reason);
        // A reason that would break a line says nothing that is worth an error (RFC 9112 §4).
        let head = ResponseHead::new(status, &reason).or_else(|_| ResponseHead::new(status, b""));
        let fields = std::mem::take(&mut self.fields);
        head.ok().map(|head| ResponseHead { fields, ..head })
    }

    /// Whether the complete head says several lengths, as long as it has not been taken.
    pub(crate) fn has_no_length_to_go_by(&self) -> bool {
        has_no_length_to_go_by(&self.fields)
    }

    /// The transfer codings of the complete head, lower case, as long as it has not been taken.
    pub(crate) fn transfer_codings(&self) -> Vec<Vec<u8>> {
        let values = self.fields.all(b"Transfer-Encoding");
        let members = values.flat_map(|value| value.split(|b| *b == b','));
        members
            .map(|member| member.split(|b| *b == b';').next().unwrap_or_default())
            .map(|name| trim(name).to_ascii_lowercase())
            .filter(|name| !name.is_empty())
            .collect()
    }

    fn status_line(&mut self, line: &[u8]) -> Result<()> {
        let (status, reason) = parse_status_line(line)
            .ok_or_else(|| Error::new(Kind::Protocol, "the answer has no valid status line"))?;
        self.status = status;
        self.reason = reason;
        self.fields.clear();
        self.seen_fields = 0;
        self.open = None;
        self.place = Place::Fields;
        Ok(())
    }

    fn field_line(&mut self, line: &[u8]) -> Result<()> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            self.fold(trim(line));
            return Ok(());
        }
        self.close_field()?;
        self.seen_fields += 1;
        if self.seen_fields > self.max_fields {
            let limit = self.max_fields;
            return Err(too_large(format!(
                "the header section has more than {limit} fields"
            )));
        }
        // A line that is no field is dropped, with the lines folded onto it. White space before the
        // colon makes the name no token: what it means is disputed (RFC 9112 §5.1).
        let colon = line.iter().position(|b| *b == b':');
        let (name, value) = colon
            .and_then(|at| line.split_at_checked(at))
            .unwrap_or_default();
        if is_token(name) {
            let value = trim(value.get(1..).unwrap_or_default());
            self.open = Some((name.to_vec(), value.to_vec()));
        }
        Ok(())
    }

    /// A folded line is joined by one space (RFC 9112 §5.2).
    fn fold(&mut self, more: &[u8]) {
        let Some((_, value)) = self.open.as_mut() else {
            return;
        };
        if !value.is_empty() && !more.is_empty() {
            value.push(b' ');
        }
        value.extend_from_slice(more);
    }

    fn close_field(&mut self) -> Result<()> {
        match self.open.take() {
            // CR, LF or NUL would break the message that is made of it later (RFC 9110 §5.5).
            Some((_, value)) if value.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) => Ok(()),
            Some((name, value)) => self.fields.push(&name, &value),
            None => Ok(()),
        }
    }

    fn end_of_section(&mut self) -> Result<()> {
        self.close_field()?;
        if self.status == 101 {
            return Err(Error::new(
                Kind::Protocol,
                "the origin switched to another protocol",
            ));
        }
        self.place = if self.status < 200 {
            Place::StatusLine
        } else {
            Place::After
        };
        Ok(())
    }
}

fn too_large(message: String) -> Error {
    Error::new(Kind::TooLarge, message)
}

/// `HTTP/1.1 200 OK`, `HTTP/2 200`: status and reason. NUL and CR are left out of the reason.
fn parse_status_line(line: &[u8]) -> Option<(u16, Vec<u8>)> {
    let rest = line.strip_prefix(b"HTTP/")?;
    let space = rest.iter().position(|b| *b == b' ')?;
    let (version, rest) = rest.split_at_checked(space)?;
    let valid_version = match version {
        [b'1', b'.', minor] => minor.is_ascii_digit(),
        [b'2' | b'3'] | [b'2' | b'3', b'.', b'0'] => true,
        _ => false,
    };
    let rest = trim(rest);
    let (code, reason) = rest.split_at_checked(3).filter(|_| valid_version)?;
    if !code.iter().all(u8::is_ascii_digit) || !matches!(reason.first(), None | Some(b' ' | b'\t'))
    {
        return None;
    }
    let status = std::str::from_utf8(code)
        .ok()?
        .parse()
        .ok()
        .filter(|status| *status >= 100)?;
    let reason = trim(reason)
        .iter()
        .copied()
        .filter(|b| !matches!(b, b'\r' | b'\n' | 0))
        .collect();
    Some((status, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(section: &[u8]) -> Result<Option<ResponseHead>> {
        let mut reader = HeadReader::new(1000, 10);
        for line in section.split_inclusive(|b| *b == b'\n') {
            reader.line(line)?;
        }
        Ok(reader.take())
    }

    fn head(section: &[u8]) -> ResponseHead {
        read(section).unwrap().expect("a complete head")
    }

    fn lines(head: &ResponseHead) -> Vec<(&[u8], &[u8])> {
        head.fields.iter().collect()
    }

    #[test]
    fn status_lines() {
        for (line, status, reason) in [
            (&b"HTTP/1.1 200 OK"[..], 200, &b"OK"[..]),
            (b"HTTP/1.0 404 Not  Found ", 404, b"Not  Found"),
            (b"HTTP/1.1 200", 200, b""),
            (b"HTTP/1.1 200 ", 200, b""),
            (b"HTTP/2 204 ", 204, b""),
            (b"HTTP/3 999 x", 999, b"x"),
            (b"HTTP/1.1  200 two spaces", 200, b"two spaces"),
            (b"HTTP/1.1 200 \xfcber", 200, b"\xfcber"),
            (b"HTTP/1.1 200 a\0b\rc", 200, b"abc"),
        ] {
            let head = head(&[line, b"\r\n\r\n"].concat());
            assert_eq!(
                (head.status, head.reason.to_bytes()),
                (status, reason),
                "{line:?}"
            );
        }
        for line in [
            &b""[..],
            b"hello",
            b"HTTP/1.1",
            b"HTTP/1.1 ",
            b"HTTP/1.1 20",
            b"HTTP/1.1 2000 x",
            b"HTTP/1.1 099 x",
            b"HTTP/1.1 2x0 x",
            b"HTTP/0.9 200 x",
            b"HTTP/4 200 x",
            b"http/1.1 200 x",
            b" HTTP/1.1 200 x",
            b"ICY 200 OK",
            b"HTTP/1.10 200 x",
        ] {
            let error = read(&[line, b"\r\n\r\n"].concat()).unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{line:?}");
        }
    }

    #[test]
    fn fields_keep_order_repeats_and_bytes() {
        let head =
            head(b"HTTP/1.1 200 OK\r\nB: 1\r\na:\x80\xff\r\nb:\t2 \r\nempty:\r\nbare-lf: x\n\r\n");
        assert_eq!(
            lines(&head),
            [
                (&b"B"[..], &b"1"[..]),
                (b"a", b"\x80\xff"),
                (b"b", b"2"),
                (b"empty", b""),
                (b"bare-lf", b"x")
            ]
        );
    }

    #[test]
    fn folded_lines_are_joined_by_one_space() {
        let head =
            head(b"HTTP/1.1 200 OK\r\nA: 1,\r\n  2\r\n\t3  \r\nB:\r\n x\r\nC: y\r\n \r\n\r\n");
        assert_eq!(
            lines(&head),
            [(&b"A"[..], &b"1, 2 3"[..]), (b"B", b"x"), (b"C", b"y")]
        );
    }

    #[test]
    fn lines_that_are_no_field_are_dropped() {
        let head = head(
            b"HTTP/1.1 200 OK\r\n folded onto nothing\r\nno colon\r\n folded onto it\r\n: no name\r\n\
              a b: c\r\nspace : x\r\n\xff: x\r\nnul: a\0b\r\ncr: a\rb\r\nnul-folded: a\r\n b\0\r\nKept: 1\r\n\r\n",
        );
        assert_eq!(lines(&head), [(&b"Kept"[..], &b"1"[..])]);
    }

    #[test]
    fn interim_answers_and_trailers_are_skipped() {
        let head = head(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
              HTTP/1.1 200 OK\r\nA: 1\r\n\r\nTrailer: 2\r\n\r\n",
        );
        assert_eq!(head.status, 200);
        assert_eq!(lines(&head), [(&b"A"[..], &b"1"[..])]);
        assert_eq!(read(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap(), None);
        assert_eq!(read(b"HTTP/1.1 200 OK\r\nA: 1\r\n").unwrap(), None);
        assert_eq!(
            read(b"HTTP/1.1 101 x\r\n\r\n").unwrap_err().kind(),
            Kind::Protocol
        );
    }

    #[test]
    fn limits_are_kept() {
        let of = |fields: usize| {
            [
                &b"HTTP/1.1 200 OK\r\n"[..],
                &b"A: 1\r\n".repeat(fields),
                b"\r\n",
            ]
            .concat()
        };
        assert_eq!(head(&of(10)).fields.len(), 10);
        assert_eq!(read(&of(11)).unwrap_err().kind(), Kind::TooLarge);
        let long = [&b"HTTP/1.1 200 OK\r\nA: "[..], &[b'x'; 1000], b"\r\n\r\n"].concat();
        assert_eq!(read(&long).unwrap_err().kind(), Kind::TooLarge);
        let endless = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(50);
        assert_eq!(read(&endless).unwrap_err().kind(), Kind::TooLarge);
    }

    #[test]
    fn transfer_codings_are_listed() {
        let mut reader = HeadReader::new(1000, 10);
        for line in [
            "HTTP/1.1 200 OK\r\n",
            "transfer-encoding: Foo;q=1, \r\n",
            "Transfer-Encoding: Chunked\r\n",
        ] {
            reader.line(line.as_bytes()).unwrap();
        }
        reader.line(b"\r\n").unwrap();
        assert_eq!(
            reader.transfer_codings(),
            [b"foo".to_vec(), b"chunked".to_vec()]
        );
    }
}
