//! Text with wildcards: `*` stands for any number of bytes, `?` for one, `[...]` for one of some.

/// Text with wildcards, between whose `*` stand pieces.
#[derive(Debug)]
pub(super) struct Wildcards {
    pieces: Vec<Piece>,
}

/// What stands between two `*`.
#[derive(Debug)]
enum Piece {
    Text(Box<str>),
    Mixed(Box<[One]>),
}

/// What stands for one byte.
#[derive(Debug)]
enum One {
    Byte(u8),
    Any,
    Of(Box<Class>),
}

/// A set of bytes.
#[derive(Clone, Debug)]
pub(super) struct Class([u64; 4]);

/// A part of such a text as it is written.
#[derive(Debug)]
pub(super) enum Token {
    Text(String),
    Any,
    Of(Class),
    Star,
}

/// How far a text is matched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// To its end.
    Whole,
    /// What follows does not matter.
    Prefix,
}

/// Looking for a piece with `?` or `[...]` compares all of it at every byte; so its length is bounded.
const MOST_MIXED: usize = 256;

/// Reads wildcards; an error says what is wrong with them. `fold`: upper and lower case are the same.
pub(super) fn tokens(written: &str, fold: bool) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = written;
    while let Some(at) = rest.find(['*', '?', '[']) {
        let (text, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        push_text(&mut tokens, text, fold);
        let after = from.get(1..).unwrap_or_default();
        rest = after;
        match from.as_bytes().first() {
            Some(b'*') => tokens.push(Token::Star),
            Some(b'?') => tokens.push(Token::Any),
            _ => {
                let Some((members, behind)) = after.split_once(']') else {
                    return Err("a [ in it has no ]".to_owned());
                };
                tokens.push(Token::Of(Class::read(members, fold)?));
                rest = behind;
            }
        }
    }
    push_text(&mut tokens, rest, fold);
    Ok(tokens)
}

fn push_text(tokens: &mut Vec<Token>, text: &str, fold: bool) {
    if !text.is_empty() {
        let text = if fold {
            text.to_ascii_lowercase()
        } else {
            text.to_owned()
        };
        tokens.push(Token::Text(text));
    }
}

impl Class {
    fn read(members: &str, fold: bool) -> Result<Self, String> {
        let (is_negated, members) = match members.strip_prefix(['!', '^']) {
            Some(members) => (true, members),
            None => (false, members),
        };
        if members.is_empty() {
            return Err("a [] in it is empty".to_owned());
        }
        if !members.is_ascii() {
            return Err("a [] in it holds what is not ASCII".to_owned());
        }
        let mut class = Class([0; 4]);
        let mut rest = members.as_bytes();
        while let Some((&first, tail)) = rest.split_first() {
            let (last, tail) = match tail {
                [b'-', last, tail @ ..] => (*last, tail),
                _ => (first, tail),
            };
            if first > last {
                let (first, last) = (char::from(first), char::from(last));
                return Err(format!("the range {first}-{last} in it is reversed"));
            }
            (first..=last).for_each(|byte| class.add(byte, fold));
            rest = tail;
        }
        if is_negated {
            class.0.iter_mut().for_each(|bits| *bits = !*bits);
        }
        Ok(class)
    }

    fn add(&mut self, byte: u8, fold: bool) {
        let mut set = |byte: u8| {
            if let Some(bits) = self.0.get_mut(usize::from(byte >> 6)) {
                *bits |= 1 << (byte & 63);
            }
        };
        set(byte);
        if fold {
            set(byte.to_ascii_lowercase());
            set(byte.to_ascii_uppercase());
        }
    }

    fn holds(&self, byte: u8) -> bool {
        let bits = self.0.get(usize::from(byte >> 6)).copied();
        bits.is_some_and(|bits| bits >> (byte & 63) & 1 == 1)
    }
}

impl Wildcards {
    /// Puts them together; an error says what is wrong with them.
    pub(super) fn new(tokens: Vec<Token>) -> Result<Self, String> {
        let mut pieces = vec![Vec::new()];
        for token in tokens {
            match (token, pieces.last_mut()) {
                (Token::Star, _) => pieces.push(Vec::new()),
                (token, Some(piece)) => piece.push(token),
                (_, None) => {}
            }
        }
        let pieces: Vec<Piece> = pieces.into_iter().map(Piece::new).collect();
        let is_too_long =
            |piece: &Piece| matches!(piece, Piece::Mixed(ones) if ones.len() > MOST_MIXED);
        if pieces.iter().skip(1).any(is_too_long) {
            return Err(format!(
                "over {MOST_MIXED} bytes of it, among them ? or [], follow a *"
            ));
        }
        Ok(Wildcards { pieces })
    }

    /// Whether a text is one of those.
    pub(super) fn match_text(&self, text: &str, extent: Extent) -> bool {
        let Some((first, others)) = self.pieces.split_first() else {
            return true;
        };
        if !first.begins(text) {
            return false;
        }
        let mut rest = text.get(first.len()..).unwrap_or_default();
        let Some((last, middle)) = others.split_last() else {
            return extent == Extent::Prefix || rest.is_empty();
        };
        for piece in middle {
            match piece.find_end(rest) {
                Some(end) => rest = rest.get(end..).unwrap_or_default(),
                None => return false,
            }
        }
        match extent {
            Extent::Prefix => last.find_end(rest).is_some(),
            Extent::Whole => rest
                .len()
                .checked_sub(last.len())
                .and_then(|at| rest.get(at..))
                .is_some_and(|end| last.begins(end)),
        }
    }

    /// The text before the first wildcard.
    pub(super) fn head(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// The text behind the last wildcard.
    pub(super) fn tail(&self) -> &str {
        match self.pieces.last() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether it is `*` alone.
    pub(super) fn is_anything(&self) -> bool {
        self.pieces.len() > 1 && self.pieces.iter().all(|piece| piece.len() == 0)
    }
}

impl Piece {
    fn new(tokens: Vec<Token>) -> Self {
        let is_text = |token: &Token| matches!(token, Token::Text(_));
        if tokens.iter().all(is_text) {
            let texts = tokens.into_iter().filter_map(|token| match token {
                Token::Text(text) => Some(text),
                _ => None,
            });
            return Piece::Text(texts.collect::<String>().into());
        }
        let mut ones = Vec::new();
        for token in tokens {
            match token {
                Token::Text(text) => ones.extend(text.bytes().map(One::Byte)),
                Token::Any => ones.push(One::Any),
                Token::Of(class) => ones.push(One::Of(Box::new(class))),
                Token::Star => {}
            }
        }
        Piece::Mixed(ones.into())
    }

    fn len(&self) -> usize {
        match self {
            Piece::Text(text) => text.len(),
            Piece::Mixed(ones) => ones.len(),
        }
    }

    /// Whether a text begins with it. What is matched is ASCII, so that a byte is a character.
    fn begins(&self, text: &str) -> bool {
        match self {
            Piece::Text(own) => text.starts_with(&**own),
            Piece::Mixed(ones) => begins(ones, text.as_bytes()),
        }
    }

    /// Where it ends where it first stands in a text.
    fn find_end(&self, text: &str) -> Option<usize> {
        let at = match self {
            Piece::Text(own) => text.find(&**own)?,
            Piece::Mixed(ones) => {
                let mut windows = text.as_bytes().windows(ones.len().max(1));
                windows.position(|window| begins(ones, window))?
            }
        };
        Some(at + self.len())
    }
}

fn begins(ones: &[One], text: &[u8]) -> bool {
    let fits = |(one, byte): (&One, &u8)| match one {
        One::Byte(own) => own == byte,
        One::Any => true,
        One::Of(class) => class.holds(*byte),
    };
    text.len() >= ones.len() && ones.iter().zip(text).all(fits)
}
