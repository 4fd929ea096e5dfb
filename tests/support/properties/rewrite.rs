//! The same message, written in another way.

use std::cell::Cell;

use httpcache::http::Fields;

use super::add;

/// Fields whose values are lists.
const LISTS: [&str; 6] = [
    "Cache-Control",
    "Vary",
    "If-None-Match",
    "Accept",
    "Accept-Language",
    "X-Own",
];
/// Fields whose values mean the same in any letter case: names, numbers and dates.
const WITHOUT_CASE: [&str; 7] = [
    "Cache-Control",
    "Vary",
    "Accept-Language",
    "Date",
    "Expires",
    "Last-Modified",
    "If-Modified-Since",
];

/// A way to write messages, made of a seed.
pub struct Rewriting {
    /// `None` leaves them as they are.
    state: Option<Cell<u64>>,
}

impl Rewriting {
    pub fn none() -> Self {
        Rewriting { state: None }
    }

    pub fn new(seed: u64) -> Self {
        Rewriting {
            state: Some(Cell::new(seed | 1)),
        }
    }

    /// A number below `end`.
    fn choose(&self, end: usize) -> usize {
        let Some(state) = &self.state else {
            return 0;
        };
        let mut next = state.get();
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        state.set(next);
        (next >> 33) as usize % end
    }

    fn chooses(&self) -> bool {
        self.choose(2) == 1
    }

    /// The fields of a message.
    pub fn fields(&self, lines: &[(String, String)]) -> Fields {
        let mut written: Vec<(String, String)> = Vec::new();
        for (name, value) in lines {
            let is_list = LISTS.contains(&name.as_str());
            let value = if WITHOUT_CASE.contains(&name.as_str()) {
                self.in_any_case(value)
            } else {
                value.clone()
            };
            let pieces = if is_list {
                self.split(&value)
            } else {
                vec![value]
            };
            written.extend(
                pieces
                    .into_iter()
                    .map(|piece| (self.in_any_case(name), piece)),
            );
        }
        self.mix(&mut written);
        let mut fields = Fields::new();
        for (name, value) in &written {
            if self.choose(4) == 3 {
                add(&mut fields, "X-Unrelated", "max-age=0, no-store");
            }
            add(&mut fields, name, value);
        }
        fields
    }

    fn in_any_case(&self, text: &str) -> String {
        let letter = |c: char| match self.chooses() {
            true => c.to_ascii_uppercase(),
            false => c,
        };
        text.chars().map(letter).collect()
    }

    /// A list on several lines, with other white space and with empty members.
    fn split(&self, list: &str) -> Vec<String> {
        let mut lines = vec![String::new()];
        for (at, member) in members(list).into_iter().enumerate() {
            if at > 0 && self.chooses() {
                lines.push(String::new());
            } else if at > 0 {
                let between = [", ", ",", " ,\t", ",  ", "\t , "][self.choose(5)];
                lines.last_mut().unwrap().push_str(between);
            }
            lines.last_mut().unwrap().push_str(member);
        }
        lines
    }

    /// Other fields may stand between those of a name, which keep their order (RFC 9110 §5.3).
    fn mix(&self, fields: &mut [(String, String)]) {
        for _ in 0..fields.len() * 2 {
            let at = self.choose(fields.len());
            if self.state.is_none() || at == 0 {
                continue;
            }
            if !fields[at].0.eq_ignore_ascii_case(&fields[at - 1].0) {
                fields.swap(at, at - 1);
            }
        }
    }
}

/// The members of a list, split where a comma is not quoted.
fn members(list: &str) -> Vec<&str> {
    let mut is_quoted = false;
    list.split(|c| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    })
    .map(str::trim)
    .collect()
}
