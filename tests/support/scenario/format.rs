//! What a scenario may say. A member that is not known here is a mistake of the scenario's.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Checked;

/// Names and values of header fields, in order.
pub type Lines = Vec<(String, String)>;

/// Names that are set, or taken away (null).
pub type Names = BTreeMap<String, Option<String>>;

/// A script for one cache.
#[derive(Deserialize)]
#[serde(from = "Written")]
pub struct Scenario {
    pub id: String,
    #[allow(dead_code, reason = "for readers, and for the test of the table")]
    pub anchor: String,
    #[allow(dead_code, reason = "for readers, and for the test of the table")]
    pub about: String,
    pub setup: Setup,
    pub steps: Vec<Step>,
}

/// What the cache is opened with.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setup {
    pub options: BTreeMap<String, Setting>,
    pub lists: BTreeMap<String, Vec<String>>,
    pub clear: Vec<String>,
    pub status_expiry: BTreeMap<String, Setting>,
    /// Kind, pattern and expiry of each, in order.
    pub url_rules: Vec<(String, String, Setting)>,
    pub names: Names,
    pub own_cache: bool,
    pub open: Option<String>,
}

/// A scenario as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    #[serde(default)]
    anchor: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    options: BTreeMap<String, Setting>,
    #[serde(default)]
    lists: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    clear: Vec<String>,
    #[serde(default)]
    status_expiry: BTreeMap<String, Setting>,
    #[serde(default)]
    url_rules: Vec<(String, String, Setting)>,
    #[serde(default)]
    names: Names,
    #[serde(default)]
    own_cache: bool,
    open: Option<String>,
    #[serde(default)]
    steps: Vec<Step>,
}

impl From<Written> for Scenario {
    fn from(written: Written) -> Self {
        Scenario {
            id: written.id,
            anchor: written.anchor,
            about: written.about,
            setup: Setup {
                options: written.options,
                lists: written.lists,
                clear: written.clear,
                status_expiry: written.status_expiry,
                // Rules name hosts as they are, and so hold for no labelled ones.
                own_cache: written.own_cache || !written.url_rules.is_empty(),
                url_rules: written.url_rules,
                names: written.names,
                open: written.open,
            },
            steps: written.steps,
        }
    }
}

/// A value of an option.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(untagged)]
pub enum Setting {
    Number(i64),
    Name(String),
}

/// One request, or the answer to one that was held.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(default)]
    #[allow(dead_code, reason = "for readers")]
    pub about: String,
    pub at: Option<i64>,
    pub request: Option<Asked>,
    pub decision: Option<String>,
    pub reason: Option<String>,
    /// `Some(None)`: it says that the request has no key.
    #[serde(default, deserialize_with = "stated")]
    pub key: Option<Option<String>>,
    pub forward: Option<Fields>,
    #[serde(default)]
    pub answers: Vec<Answer>,
    /// `Some(None)`: it says that there is nothing to hand on.
    #[serde(default, deserialize_with = "stated")]
    pub response: Option<Option<Seen>>,
    pub error: Option<String>,
    pub hold: Option<String>,
    pub resume: Option<String>,
}

/// A request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub method: Option<String>,
    pub url: String,
    #[serde(default)]
    pub fields: Lines,
    pub body: Option<Body>,
    #[serde(default)]
    pub options: BTreeMap<String, Setting>,
    #[serde(default)]
    pub names: Names,
}

/// What header fields are expected.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    pub has: Lines,
    pub lacks: Vec<String>,
    pub holds: Lines,
    pub omits: Lines,
    pub fields: Option<Lines>,
}

/// What the origin says, and what is to become of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub at: Option<i64>,
    pub forward: Option<Fields>,
    pub status: Option<u16>,
    pub reason: Option<String>,
    #[serde(default)]
    pub fields: Lines,
    pub body: Option<Body>,
    pub pieces: Option<usize>,
    pub cut: Option<usize>,
    #[serde(default)]
    pub failure: bool,
    pub outcome: Option<String>,
    pub why: Option<String>,
    pub error: Option<String>,
}

/// What is handed on.
#[derive(Deserialize)]
#[serde(from = "WrittenSeen")]
pub struct Seen {
    pub status: Option<u16>,
    pub reason: Option<String>,
    pub fields: Fields,
    pub body: Option<Body>,
    pub url: Option<String>,
    pub from_cache: Option<bool>,
    pub revalidated: Option<bool>,
    pub expired: Option<bool>,
    pub age: Option<i64>,
    pub lifetime: Option<Setting>,
    pub created_at: Option<Setting>,
    pub expires_at: Option<Setting>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenSeen {
    status: Option<u16>,
    reason: Option<String>,
    has: Lines,
    lacks: Vec<String>,
    holds: Lines,
    omits: Lines,
    fields: Option<Lines>,
    body: Option<Body>,
    url: Option<String>,
    from_cache: Option<bool>,
    revalidated: Option<bool>,
    expired: Option<bool>,
    age: Option<i64>,
    lifetime: Option<Setting>,
    created_at: Option<Setting>,
    expires_at: Option<Setting>,
}

impl From<WrittenSeen> for Seen {
    fn from(written: WrittenSeen) -> Self {
        Seen {
            status: written.status,
            reason: written.reason,
            fields: Fields {
                has: written.has,
                lacks: written.lacks,
                holds: written.holds,
                omits: written.omits,
                fields: written.fields,
            },
            body: written.body,
            url: written.url,
            from_cache: written.from_cache,
            revalidated: written.revalidated,
            expired: written.expired,
            age: written.age,
            lifetime: written.lifetime,
            created_at: written.created_at,
            expires_at: written.expires_at,
        }
    }
}

/// The content of a message.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Body {
    Text(String),
    Repeated { repeat: String, times: usize },
}

impl Body {
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Body::Text(text) => text.clone().into_bytes(),
            Body::Repeated { repeat, times } => repeat.repeat(*times).into_bytes(),
        }
    }
}

fn stated<'de, D, T>(input: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(input).map(Some)
}

/// Reads a file of scenarios, or scenarios one after the other (JSON Lines), and gives each to `take`: the
/// scenario, or its id and what is wrong with it.
pub fn read(
    input: impl Read,
    take: &mut dyn FnMut(Result<Scenario, (String, String)>),
) -> Checked<()> {
    let input = std::io::BufReader::new(input);
    for value in serde_json::Deserializer::from_reader(input).into_iter::<Value>() {
        let mut value = value.map_err(|error| error.to_string())?;
        match value.get_mut("scenarios").map(Value::take) {
            Some(Value::Array(scenarios)) => scenarios.into_iter().for_each(|one| take(typed(one))),
            Some(_) => return Err("\"scenarios\" is no list".to_owned()),
            None => take(typed(value)),
        }
    }
    Ok(())
}

fn typed(value: Value) -> Result<Scenario, (String, String)> {
    let id = value.get("id").and_then(Value::as_str).unwrap_or("(no id)");
    let id = id.to_owned();
    let scenario: Scenario =
        serde_json::from_value(value).map_err(|error| (id.clone(), error.to_string()))?;
    check(&scenario).map_err(|wrong| (id, wrong))?;
    Ok(scenario)
}

/// A scenario that states nothing could not fail.
fn check(scenario: &Scenario) -> Checked<()> {
    if scenario.steps.is_empty() && scenario.setup.open.is_none() {
        return Err("it has no steps".to_owned());
    }
    for (number, step) in scenario.steps.iter().enumerate() {
        let wrong = match (&step.request, &step.resume) {
            (Some(_), Some(_)) | (None, None) => "it is one of request and resume",
            (Some(_), None) if step.decision.is_none() == step.error.is_none() => {
                "it states its decision, or the error"
            }
            (None, Some(_)) if step.answers.is_empty() || step.decision.is_some() => {
                "what is resumed has answers, and no decision"
            }
            _ if step.key.is_some() && step.decision.is_none() => "a key is that of a request",
            _ if step.hold.is_some() && !step.answers.is_empty() => "what is held has no answers",
            _ if step.answers.iter().any(Answer::is_unclear) => {
                "an answer is one of status and failure, and states not both outcome and error"
            }
            _ => continue,
        };
        return Err(format!("step {}: {wrong}", number + 1));
    }
    Ok(())
}

impl Answer {
    fn is_unclear(&self) -> bool {
        self.failure == self.status.is_some() || (self.outcome.is_some() && self.error.is_some())
    }
}
