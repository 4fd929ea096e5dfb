//! A tree of JSON as text: members sorted by name, nothing between them, and what is ignored or secret taken out.

use super::super::names::Treatment;
use super::json::{Tree, Value};
use super::placeholder::Placeholder;
use super::walk::{Named, Walk};
use super::{Normal, Rules};

/// Writes a tree; `None` where a name stands twice in one object, or where a placeholder is for a value that is needed.
pub fn normal(tree: &Tree, rules: &Rules) -> Option<Normal> {
    let mut writer = Writer {
        tree,
        rules,
        normal: Normal::default(),
        open: Vec::new(),
    };
    writer.run()?;
    Some(writer.normal)
}

struct Writer<'a> {
    tree: &'a Tree<'a>,
    rules: &'a Rules<'a>,
    normal: Normal,
    open: Vec<Open<'a>>,
}

/// An object or array that is being written.
struct Open<'a> {
    children: std::vec::IntoIter<u32>,
    is_object: bool,
    is_empty: bool,
    walk: Walk<'a>,
    place: Place,
}

/// Where a value stands, and what becomes of it.
#[derive(Clone, Copy)]
struct Place {
    number: u32,
    /// Where its member begins in the text, and where it begins itself.
    starts: (usize, usize),
    treatment: Treatment,
    authenticates: bool,
    /// What authenticates below it is noted.
    counts_below: bool,
    /// It is within a value that is taken out as a whole, and whose hash depends on no list of names.
    is_within: bool,
}

impl<'a> Writer<'a> {
    fn run(&mut self) -> Option<()> {
        let whole = Place {
            number: 0,
            starts: (0, 0),
            treatment: Treatment::Plain,
            authenticates: false,
            counts_below: true,
            is_within: false,
        };
        self.begin(whole, Walk::new(self.rules.names.paths()))?;
        while let Some(open) = self.open.last_mut() {
            match open.children.next() {
                Some(child) => self.child(child)?,
                None => {
                    let close = if open.is_object { b'}' } else { b']' };
                    self.normal.text.push(close);
                    let place = open.place;
                    self.open.pop();
                    self.end(place);
                }
            }
        }
        Some(())
    }

    fn child(&mut self, number: u32) -> Option<()> {
        let is_top = self.open.len() == 1;
        let tree = self.tree;
        let open = self.open.last()?;
        let member = self.normal.text.len();
        if !open.is_empty {
            self.normal.text.push(b',');
        }
        let Place {
            counts_below: counts,
            is_within,
            treatment: around,
            ..
        } = open.place;
        let mut place = Place {
            number,
            starts: (member, self.normal.text.len()),
            treatment: Treatment::Plain,
            authenticates: false,
            counts_below: counts,
            is_within: is_within || around != Treatment::Plain,
        };
        if !open.is_object {
            let walk = open.walk.element();
            return self.begin(place, walk);
        }
        let name = tree.name(number);
        let (named, walk) = open.walk.member(name);
        let is_own;
        (place.treatment, is_own) = match place.is_within {
            true => (Treatment::Plain, named == Named::Exactly),
            false => self.treatment(name, is_top, named),
        };
        place.authenticates = counts && !is_own && self.rules.names.authenticates(name);
        place.counts_below = counts && !is_own && !place.authenticates;
        push_string(&mut self.normal.text, name);
        self.normal.text.push(b':');
        place.starts.1 = self.normal.text.len();
        self.begin(place, walk)
    }

    /// What becomes of a member, and whether it is the user himself who has it ignored.
    fn treatment(&self, name: &[u8], is_top: bool, named: Named) -> (Treatment, bool) {
        let names = self.rules.names;
        let by_name = match is_top {
            true => names.of_parameter(name),
            false => names.of_member(name),
        };
        match (named, by_name) {
            (Named::Exactly, _) => (Treatment::Ignored, true),
            (_, Treatment::Ignored) => (Treatment::Ignored, !names.authenticates(name)),
            (Named::InAnyCase, _) => (Treatment::Secret, false),
            (Named::Not, by_name) => (by_name, false),
        }
    }

    fn begin(&mut self, place: Place, walk: Walk<'a>) -> Option<()> {
        let text = &mut self.normal.text;
        let tree = self.tree;
        match tree.node(place.number)?.value {
            Value::String(span) => push_string(text, tree.string(span)),
            Value::Verbatim(span) => text.extend_from_slice(tree.verbatim(span)),
            Value::Placeholder(placeholder) => {
                match (place.treatment, placeholder) {
                    (Treatment::Ignored, _) => {}
                    (Treatment::Secret, Placeholder::Secret(_)) => placeholder.push(text),
                    _ => return None,
                }
                self.keep(place);
                return Some(());
            }
            value @ (Value::Object | Value::Array) => {
                let is_object = matches!(value, Value::Object);
                text.push(if is_object { b'{' } else { b'[' });
                let mut children = tree.children(place.number);
                if is_object {
                    sort(&mut children, tree)?;
                }
                self.open.push(Open {
                    children: children.into_iter(),
                    is_object,
                    is_empty: true,
                    walk,
                    place,
                });
                return Some(());
            }
        }
        self.end(place);
        Some(())
    }

    /// A value is written: takes it out again where it may not stay.
    fn end(&mut self, place: Place) {
        let value = self.normal.text.get(place.starts.1..).unwrap_or_default();
        let placeholder = match place.treatment {
            Treatment::Secret => Some(Placeholder::of_secret(self.rules.secret, value)),
            _ => None,
        };
        if place.authenticates {
            let value = value.to_vec();
            let name = self.tree.name(place.number);
            self.normal.add_credential(name, &value);
        }
        if let Some(placeholder) = placeholder {
            self.normal.text.truncate(place.starts.1);
            placeholder.push(&mut self.normal.text);
        }
        self.keep(place);
    }

    /// A value is what it stays, unless it is ignored.
    fn keep(&mut self, place: Place) {
        let text = &mut self.normal.text;
        if place.treatment == Treatment::Ignored {
            if !self.rules.presence_counts {
                text.truncate(place.starts.0);
                return;
            }
            text.truncate(place.starts.1);
            Placeholder::Ignored.push(text);
        }
        if let Some(open) = self.open.last_mut() {
            open.is_empty = false;
        }
    }
}

/// Sorts members by name; `None` where two have one name.
fn sort(members: &mut [u32], tree: &Tree) -> Option<()> {
    members.sort_unstable_by(|one, other| tree.name(*one).cmp(tree.name(*other)));
    members
        .is_sorted_by(|one, other| tree.name(*one) != tree.name(*other))
        .then_some(())
}

/// A string with the escapes that it cannot be without (those of RFC 8785 §3.2.2.2).
fn push_string(text: &mut Vec<u8>, string: &[u8]) {
    text.push(b'"');
    let mut rest = string;
    loop {
        let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
        let plain = rest.iter().take_while(|byte| is_plain(byte)).count();
        text.extend_from_slice(rest.get(..plain).unwrap_or_default());
        let Some((byte, behind)) = rest.get(plain..).and_then(<[u8]>::split_first) else {
            break;
        };
        push_escape(text, *byte);
        rest = behind;
    }
    text.push(b'"');
}

fn push_escape(text: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        8 => b'b',
        12 => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        b'"' | b'\\' => byte,
        _ => {
            text.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
            return;
        }
    };
    text.extend_from_slice(&[b'\\', letter]);
}
