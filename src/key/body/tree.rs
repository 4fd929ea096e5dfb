//! A value of JSON as a tree: what the text of it was read into.

/// A value and all below it, in the order of the text.
pub struct Tree<'a> {
    /// The text.
    pub body: &'a [u8],
    /// All strings, decoded.
    pub text: Vec<u8>,
    /// Each value, before those below it.
    pub nodes: Vec<Node>,
}

/// A value in a tree.
pub struct Node {
    /// Of a member of an object.
    pub name: Span,
    /// What it is.
    pub value: Value,
    /// The number of the node behind all that are below this one.
    pub end: u32,
}

/// What a value is.
#[derive(Clone, Copy)]
pub enum Value {
    /// `{}`
    Object,
    /// `[]`
    Array,
    /// Decoded.
    String(Span),
    /// A number or a word, as it is written.
    Verbatim(Span),
    /// What stands for a value that was taken out.
    Placeholder(Span),
}

/// Where some bytes lie.
#[derive(Clone, Copy, Default)]
pub struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// From one place to another.
    pub fn new(start: usize, end: usize) -> Option<Self> {
        Some(Span {
            start: u32::try_from(start).ok()?,
            len: u32::try_from(end.checked_sub(start)?).ok()?,
        })
    }

    fn of(self, bytes: &[u8]) -> &[u8] {
        let start = self.start as usize;
        bytes
            .get(start..start + self.len as usize)
            .unwrap_or_default()
    }
}

impl<'a> Tree<'a> {
    /// The node of this number; the first is the whole value.
    pub fn node(&self, number: u32) -> Option<&Node> {
        self.nodes.get(number as usize)
    }

    /// The name of a member, decoded.
    pub fn name(&self, number: u32) -> &[u8] {
        self.node(number)
            .map(|node| node.name.of(&self.text))
            .unwrap_or_default()
    }

    /// A string, decoded.
    pub fn string(&self, span: Span) -> &[u8] {
        span.of(&self.text)
    }

    /// What is kept as it is written.
    pub fn verbatim(&self, span: Span) -> &'a [u8] {
        span.of(self.body)
    }

    /// The members or elements of a value, in the order of the text.
    pub fn children(&self, number: u32) -> Siblings {
        Siblings {
            next: number + 1,
            end: self.node(number).map_or(number, |node| node.end),
        }
    }
}

/// The numbers of values beside each other that are to come.
#[derive(Clone, Copy)]
pub struct Siblings {
    next: u32,
    end: u32,
}

impl Siblings {
    /// The next one.
    pub fn next(&mut self, tree: &Tree) -> Option<u32> {
        let number = (self.next < self.end).then_some(self.next)?;
        self.next = tree.node(number)?.end;
        Some(number)
    }
}
