//! A text of JSON (RFC 8259) as a tree, without recursion.
//!
//! Only what every reader understands alike is read: names that stand twice in one object are found where the tree is
//! written, the rest here.

use super::super::placeholder::{MARK, Placeholder};
use super::MOST_ITEMS;
use super::tree::{Node, Span, Tree, Value};

/// Objects and arrays within each other.
const MOST_DEPTH: usize = 128;

/// Reads a text; `None` where it is none, or holds what readers understand differently.
pub fn parse(body: &[u8], is_redacted: bool) -> Option<Tree<'_>> {
    std::str::from_utf8(body).ok()?;
    let mut parser = Parser {
        tree: Tree {
            body,
            text: Vec::new(),
            nodes: Vec::with_capacity(most_nodes(body)),
        },
        at: 0,
        open: Vec::new(),
        is_redacted,
    };
    parser.run()?;
    Some(parser.tree)
}

/// Each value stands behind one of these, but for the whole one; then the list grows in no steps.
fn most_nodes(body: &[u8]) -> usize {
    let begins_next = |byte: &&u8| matches!(byte, b',' | b'[' | b'{');
    let count = body.iter().filter(begins_next).count();
    count.min(MOST_ITEMS) + 1
}

struct Parser<'a> {
    tree: Tree<'a>,
    at: usize,
    /// The numbers of the objects and arrays around what is read next.
    open: Vec<u32>,
    is_redacted: bool,
}

impl Parser<'_> {
    fn run(&mut self) -> Option<()> {
        self.skip_space();
        let mut name = Span::default();
        loop {
            if self.value(name)? {
                // Of an object or an array the first thing comes next.
                name = self.name_if_in_object()?;
                continue;
            }
            match self.behind_value()? {
                Some(next) => name = next,
                None => return Some(()),
            }
        }
    }

    /// Closes what ends behind a value; the name of the next one, or `None` where nothing follows.
    fn behind_value(&mut self) -> Option<Option<Span>> {
        loop {
            self.skip_space();
            let Some(open) = self.open.last().copied() else {
                return (self.at == self.tree.body.len()).then_some(None);
            };
            match (self.take()?, self.tree.node(open)?.value) {
                (b',', _) => {
                    self.skip_space();
                    return self.name_if_in_object().map(Some);
                }
                (b'}', Value::Object) | (b']', Value::Array) => self.close()?,
                _ => return None,
            }
        }
    }

    /// Reads a value, of an object or array its beginning; says whether there is something in that.
    fn value(&mut self, name: Span) -> Option<bool> {
        let start = self.at;
        let (value, end) = match self.take()? {
            b'{' => (Value::Object, b'}'),
            b'[' => (Value::Array, b']'),
            other => {
                let value = self.scalar(other, start)?;
                return self.push(name, value).map(|()| false);
            }
        };
        self.push(name, value)?;
        if self.open.len() == MOST_DEPTH {
            return None;
        }
        self.open
            .push(u32::try_from(self.tree.nodes.len() - 1).ok()?);
        self.skip_space();
        if self.peek() != Some(end) {
            return Some(true);
        }
        self.at += 1;
        self.close()?;
        Some(false)
    }

    fn scalar(&mut self, first: u8, start: usize) -> Option<Value> {
        match first {
            b'"' => return self.string().map(Value::String),
            b't' => self.word(b"rue")?,
            b'f' => self.word(b"alse")?,
            b'n' => self.word(b"ull")?,
            b'-' | b'0'..=b'9' => self.number(first)?,
            MARK if self.is_redacted => {
                let (_, rest) = Placeholder::read(self.tree.body.get(start..)?)?;
                self.at = self.tree.body.len() - rest.len();
                return Span::new(start, self.at).map(Value::Placeholder);
            }
            _ => return None,
        }
        Span::new(start, self.at).map(Value::Verbatim)
    }

    fn push(&mut self, name: Span, value: Value) -> Option<()> {
        let number = self.tree.nodes.len();
        // The whole value is no item.
        if number > MOST_ITEMS {
            return None;
        }
        self.tree.nodes.push(Node {
            name,
            value,
            end: u32::try_from(number + 1).ok()?,
        });
        Some(())
    }

    fn close(&mut self) -> Option<()> {
        let number = self.open.pop()?;
        let end = u32::try_from(self.tree.nodes.len()).ok()?;
        self.tree.nodes.get_mut(number as usize)?.end = end;
        Some(())
    }

    fn name_if_in_object(&mut self) -> Option<Span> {
        let open = self.open.last().copied()?;
        if !matches!(self.tree.node(open)?.value, Value::Object) {
            return Some(Span::default());
        }
        let name = match self.take()? {
            b'"' => self.string()?,
            _ => return None,
        };
        self.skip_space();
        if self.take()? != b':' {
            return None;
        }
        self.skip_space();
        Some(name)
    }

    fn number(&mut self, first: u8) -> Option<()> {
        let first = if first == b'-' { self.take()? } else { first };
        match first {
            b'0' => {}
            b'1'..=b'9' => self.skip_digits(),
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let before = self.at;
        self.skip_digits();
        (self.at > before).then_some(())
    }

    fn skip_digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn word(&mut self, rest: &[u8]) -> Option<()> {
        let is_there = self.tree.body.get(self.at..)?.starts_with(rest);
        self.at += rest.len();
        is_there.then_some(())
    }

    /// Decodes a string behind its first quote.
    fn string(&mut self) -> Option<Span> {
        let start = self.tree.text.len();
        loop {
            let rest = self.tree.body.get(self.at..)?;
            let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
            let plain = rest.iter().take_while(|byte| is_plain(byte)).count();
            self.tree.text.extend_from_slice(rest.get(..plain)?);
            self.at += plain;
            match self.take()? {
                b'"' => return Span::new(start, self.tree.text.len()),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        let byte = match self.take()? {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let decoded = self.unicode()?;
                let mut place = [0; 4];
                let encoded = decoded.encode_utf8(&mut place);
                self.tree.text.extend_from_slice(encoded.as_bytes());
                return Some(());
            }
            _ => return None,
        };
        self.tree.text.push(byte);
        Some(())
    }

    /// The character behind `\u`. A surrogate without its other half is none (RFC 8259 §8.2).
    fn unicode(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        self.word(b"\\u")?;
        let second = self.four_digits()?;
        if !(0xdc00..0xe000).contains(&second) {
            return None;
        }
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let mut number = 0;
        for _ in 0..4 {
            number = number << 4 | char::from(self.take()?).to_digit(16)?;
        }
        Some(number)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.tree.body.get(self.at).copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }
}
