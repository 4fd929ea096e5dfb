//! A tree of JSON as text: members sorted by name, nothing between them, and what is ignored or secret taken out.

use super::super::names::Treatment;
use super::super::placeholder::{Placeholder, push_hex};
use super::tree::{Siblings, Tree, Value};
use super::walk::{Named, Walk};
use super::{Normal, Rules};

/// Writes a tree; `None` where a name stands twice in one object, or where a placeholder is for a value that is needed.
pub fn normal(tree: &Tree, rules: &Rules) -> Option<Normal> {
    let mut writer = Writer {
        tree,
        rules,
        normal: Normal {
            text: Vec::with_capacity(tree.body.len()),
            credentials: Vec::new(),
        },
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
    children: Children,
    is_empty: bool,
    walk: Walk<'a>,
    place: Place,
}

enum Children {
    Members(std::vec::IntoIter<u32>),
    Elements(Siblings),
}

/// Where a value stands, and what becomes of it.
#[derive(Clone, Copy)]
struct Place {
    number: u32,
    /// It is that of a member.
    has_name: bool,
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
        self.begin(Place {
            number: 0,
            has_name: false,
            starts: (0, 0),
            treatment: Treatment::Plain,
            authenticates: false,
            counts_below: true,
            is_within: false,
        })?;
        while let Some(open) = self.open.last_mut() {
            let (child, close) = match &mut open.children {
                Children::Members(members) => (members.next(), b'}'),
                Children::Elements(elements) => (elements.next(self.tree), b']'),
            };
            if let Some(child) = child {
                self.child(child)?;
                continue;
            }
            let place = open.place;
            self.normal.text.push(close);
            self.open.pop();
            self.end(place);
        }
        Some(())
    }

    fn child(&mut self, number: u32) -> Option<()> {
        let is_top = self.open.len() == 1;
        let text = &mut self.normal.text;
        let open = self.open.last()?;
        let start = text.len();
        if !open.is_empty {
            text.push(b',');
        }
        let around = open.place;
        let mut place = Place {
            number,
            has_name: matches!(open.children, Children::Members(_)),
            starts: (start, text.len()),
            treatment: Treatment::Plain,
            authenticates: false,
            counts_below: around.counts_below,
            is_within: around.is_within || around.treatment != Treatment::Plain,
        };
        if place.has_name {
            let name = self.tree.name(number);
            push_string(text, name);
            text.push(b':');
            place.starts.1 = text.len();
            let named = open.walk.names(name);
            self.treat(&mut place, name, is_top, named);
        }
        self.begin(place)
    }

    fn treat(&self, place: &mut Place, name: &[u8], is_top: bool, named: Named) {
        let is_own;
        (place.treatment, is_own) = match place.is_within {
            true => (Treatment::Plain, named == Named::Exactly),
            false => self.treatment(name, is_top, named),
        };
        let counts = place.counts_below && !is_own;
        place.authenticates = counts && self.rules.names.authenticates(name);
        place.counts_below = counts && !place.authenticates;
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

    fn begin(&mut self, place: Place) -> Option<()> {
        let text = &mut self.normal.text;
        let tree = self.tree;
        let children = match tree.node(place.number)?.value {
            Value::String(span) => {
                push_string(text, tree.string(span));
                self.end(place);
                return Some(());
            }
            Value::Verbatim(span) => {
                text.extend_from_slice(tree.verbatim(span));
                self.end(place);
                return Some(());
            }
            Value::Placeholder(span) => {
                let placeholder = Placeholder::read_whole(tree.verbatim(span))?;
                return self.put_back(place, placeholder);
            }
            Value::Object => {
                text.push(b'{');
                Children::Members(sorted(tree.children(place.number), tree)?.into_iter())
            }
            Value::Array => {
                text.push(b'[');
                Children::Elements(tree.children(place.number))
            }
        };
        let walk = match self.open.last() {
            None => Walk::new(self.rules.names.paths()),
            Some(around) if place.has_name => around.walk.member(tree.name(place.number)),
            Some(around) => around.walk.element(),
        };
        self.open.push(Open {
            children,
            is_empty: true,
            walk,
            place,
        });
        Some(())
    }

    /// Writes what stands for a value that was taken out before, where that will do.
    fn put_back(&mut self, place: Place, placeholder: Placeholder) -> Option<()> {
        match (place.treatment, placeholder) {
            (Treatment::Ignored, _) => {}
            (Treatment::Secret, Placeholder::Secret(_)) => {
                placeholder.push(&mut self.normal.text);
            }
            _ => return None,
        }
        self.keep(place);
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

/// Members sorted by name; `None` where two have one name.
fn sorted(mut siblings: Siblings, tree: &Tree) -> Option<Vec<u32>> {
    let mut members: Vec<u32> = std::iter::from_fn(|| siblings.next(tree)).collect();
    members.sort_unstable_by(|one, other| tree.name(*one).cmp(tree.name(*other)));
    members
        .is_sorted_by(|one, other| tree.name(*one) != tree.name(*other))
        .then_some(members)
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
            text.extend_from_slice(b"\\u00");
            return push_hex(text, &[byte]);
        }
    };
    text.extend_from_slice(&[b'\\', letter]);
}
