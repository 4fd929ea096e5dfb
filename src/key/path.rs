//! Paths of members of JSON: the part of RFC 9535 that names members and the elements of arrays.

/// `$.a.b`, `$['a']`, `$..name`, `$.list[*].name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    text: String,
    steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The member of this name.
    Member(String),
    /// The member of this name, however deep.
    Descendant(String),
    /// Every element of an array.
    Elements,
}

impl Path {
    /// Reads a path; if it is none, why.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut rest = text.strip_prefix('$').ok_or("does not begin with $")?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let step;
            (step, rest) = Self::step(rest)?;
            steps.push(step);
        }
        match steps.last() {
            Some(Step::Member(_) | Step::Descendant(_)) => Ok(Path {
                text: text.to_owned(),
                steps,
            }),
            _ => Err("names no member of JSON"),
        }
    }

    fn step(rest: &str) -> Result<(Step, &str), &'static str> {
        if let Some(rest) = rest.strip_prefix("[*]") {
            return Ok((Step::Elements, rest));
        }
        if let Some(rest) = rest.strip_prefix("['") {
            let (name, rest) = rest.split_once("']").ok_or("has a [' without ']")?;
            return Ok((Step::Member(name.to_owned()), rest));
        }
        let (is_deep, rest) = match rest.strip_prefix("..") {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix('.').ok_or("is no path of JSON")?),
        };
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if name.is_empty() {
            return Err("has an empty step");
        }
        let name = name.to_owned();
        let step = if is_deep {
            Step::Descendant(name)
        } else {
            Step::Member(name)
        };
        Ok((step, rest))
    }

    /// The path as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_and_others_refused() {
        let member = |name: &str| Step::Member(name.into());
        for (text, steps) in [
            ("$.a", vec![member("a")]),
            ("$.a.b", vec![member("a"), member("b")]),
            ("$['a.b']", vec![member("a.b")]),
            ("$..name", vec![Step::Descendant("name".into())]),
            (
                "$.list[*].name",
                vec![member("list"), Step::Elements, member("name")],
            ),
        ] {
            assert_eq!(Path::parse(text).unwrap().steps(), steps, "{text}");
        }
        for text in [
            "", "a", "$", "$.", "$..", "$a", "$.a[", "$.a[0]", "$.a[*]", "$['a",
        ] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
    }
}
