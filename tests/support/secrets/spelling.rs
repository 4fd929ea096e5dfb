//! The ways in which one name can be written.

use httpcache::key::names::{CREDENTIALS, SECRETS};

/// Names that the test adds to the list, one of them with a space in it.
pub const OWN: [&str; 2] = ["session", "my key"];

/// One name in one spelling.
pub struct Name {
    text: String,
    variant: usize,
}

impl Name {
    /// The name and the spelling for a number: all combinations come in turn.
    pub fn of(number: usize) -> Self {
        let names: Vec<&str> = CREDENTIALS.into_iter().chain(SECRETS).chain(OWN).collect();
        let name = names[number % names.len()];
        // Another spelling for each name, and for each name all of them in time.
        let variant = number + number / names.len();
        let alternate = |(at, letter): (usize, char)| {
            if at % 2 == 0 {
                letter.to_ascii_lowercase()
            } else {
                letter.to_ascii_uppercase()
            }
        };
        let text = match variant % 4 {
            0 => name.to_owned(),
            1 => name.to_ascii_lowercase(),
            2 => name.to_ascii_uppercase(),
            _ => name.chars().enumerate().map(alternate).collect(),
        };
        Name {
            text,
            variant: variant / 4,
        }
    }

    /// The name as it is.
    pub fn plain(&self) -> &str {
        &self.text
    }

    /// Whether it is that of a field of requests alone.
    pub fn is_cookie(&self) -> bool {
        self.text.eq_ignore_ascii_case("Cookie")
    }

    /// As a field's name; what is no token is another one.
    pub fn as_field(&self) -> String {
        if self.text.contains(' ') {
            return OWN[0].to_owned();
        }
        self.text.clone()
    }

    /// As in a URL or a form.
    pub fn percent(&self) -> String {
        let escape = |letter: char, upper: bool| {
            let code = u32::from(letter);
            if upper {
                format!("%{code:02X}")
            } else {
                format!("%{code:02x}")
            }
        };
        let escaped = |is: &dyn Fn(usize) -> bool, upper: bool| {
            let letters = self.text.chars().enumerate();
            letters
                .map(|(at, letter)| match letter {
                    letter if is(at) => escape(letter, upper),
                    ' ' => "+".to_owned(),
                    letter => letter.to_string(),
                })
                .collect()
        };
        match self.variant % 4 {
            0 => escaped(&|_| false, false),
            1 => escaped(&|at| at == 0, true),
            2 => escaped(&|_| true, false),
            _ => escaped(&|at| at % 2 == 1, true),
        }
    }

    /// As the name of a member of JSON, with its quotes.
    pub fn json(&self) -> String {
        let escaped = |is: &dyn Fn(usize) -> bool| {
            let letters = self.text.chars().enumerate();
            letters
                .map(|(at, letter)| match letter {
                    letter if is(at) => format!("\\u{:04x}", u32::from(letter)),
                    letter => letter.to_string(),
                })
                .collect::<String>()
        };
        let name = match self.variant % 3 {
            0 => escaped(&|_| false),
            1 => escaped(&|at| at == 0),
            _ => escaped(&|_| true),
        };
        format!("\"{name}\"")
    }
}
