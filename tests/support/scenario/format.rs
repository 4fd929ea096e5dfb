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
pub struct Scenario {
    pub id: String,
    #[allow(dead_code, reason = "for readers, and for the test of the table")]
    pub anchor: String,
    #[allow(dead_code, reason = "for readers, and for the test of the table")]
    pub about: String,
    pub setup: Setup,
    pub steps: Vec<Step>,
}

/// The members of a scenario that are none of its cache's.
#[derive(Deserialize)]
struct Script {
    id: String,
    #[serde(default)]
    anchor: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    steps: Vec<Step>,
}

const OF_SCRIPT: [&str; 4] = ["id", "anchor", "about", "steps"];

/// What a cache is opened with.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    pub options: BTreeMap<String, Setting>,
    pub lists: BTreeMap<String, Vec<String>>,
    pub clear: Vec<String>,
    pub status_expiry: BTreeMap<String, Setting>,
    /// Kind, pattern and expiry of each, in order.
    pub url_rules: Vec<(String, String, Setting)>,
    pub names: Names,
    pub filter: Option<String>,
    pub key: Option<String>,
    pub normalise: Option<String>,
    pub own_cache: bool,
    pub open: Option<String>,
}

impl Scenario {
    fn of(mut written: Value) -> serde_json::Result<Self> {
        let mut script = serde_json::Map::new();
        if let Some(members) = written.as_object_mut() {
            script.extend(
                OF_SCRIPT
                    .iter()
                    .filter_map(|name| members.remove_entry(*name)),
            );
        }
        let script: Script = serde_json::from_value(Value::Object(script))?;
        let mut setup: Setup = serde_json::from_value(written)?;
        // Rules name hosts as they are, and so hold for no labelled ones; and keys are made anew of all that is stored.
        setup.own_cache |=
            !setup.url_rules.is_empty() || script.steps.iter().any(Step::is_about_the_cache);
        Ok(Scenario {
            id: script.id,
            anchor: script.anchor,
            about: script.about,
            setup,
            steps: script.steps,
        })
    }
}

/// A value of an option.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(untagged)]
pub enum Setting {
    Number(i64),
    Name(String),
}

/// One request, the answer to one that was held, or what is done with the cache.
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
    pub reopen: Option<Setup>,
    pub rekey: Option<Counts>,
}

/// What making keys anew comes to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// The settings meant, where they are not all but the cache's.
    pub from: Option<Origin>,
    pub moved: u64,
    pub collided: u64,
    pub left: u64,
}

/// Whose settings are meant.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Those of the cache itself.
    Own,
}

impl Step {
    fn is_about_the_cache(&self) -> bool {
        self.reopen.is_some() || self.rekey.is_some()
    }

    /// How many of the things are said that a step may be, of which it is one.
    fn kinds(&self) -> usize {
        let kinds = [
            self.request.is_some(),
            self.resume.is_some(),
            self.reopen.is_some(),
            self.rekey.is_some(),
        ];
        kinds.into_iter().filter(|is_it| *is_it).count()
    }

    fn states_an_answer(&self) -> bool {
        self.decision.is_some()
            || self.reason.is_some()
            || self.key.is_some()
            || self.forward.is_some()
            || !self.answers.is_empty()
            || self.response.is_some()
            || self.error.is_some()
            || self.hold.is_some()
    }
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
    let scenario = Scenario::of(value).map_err(|error| (id.clone(), error.to_string()))?;
    check(&scenario).map_err(|wrong| (id, wrong))?;
    Ok(scenario)
}

/// A scenario that states nothing could not fail.
fn check(scenario: &Scenario) -> Checked<()> {
    if scenario.steps.is_empty() && scenario.setup.open.is_none() {
        return Err("it has no steps".to_owned());
    }
    for (number, step) in scenario.steps.iter().enumerate() {
        check_step(step).map_err(|wrong| format!("step {}: {wrong}", number + 1))?;
    }
    Ok(())
}

fn check_step(step: &Step) -> Result<(), &'static str> {
    if step.kinds() != 1 {
        return Err("it is one of request, resume, reopen and rekey");
    }
    if step.is_about_the_cache() {
        let is_marked = step.reopen.as_ref().is_some_and(|setup| setup.own_cache);
        return match step.states_an_answer() || is_marked {
            true => Err("what is done with the cache has no answer, and no own_cache"),
            false => Ok(()),
        };
    }
    let is_request = step.request.is_some();
    if is_request && step.decision.is_none() == step.error.is_none() {
        return Err("it states its decision, or the error");
    }
    if !is_request && (step.answers.is_empty() || step.decision.is_some()) {
        return Err("what is resumed has answers, and no decision");
    }
    if step.key.is_some() && step.decision.is_none() {
        return Err("a key is that of a request");
    }
    if step.hold.is_some() && !step.answers.is_empty() {
        return Err("what is held has no answers");
    }
    if step.answers.iter().any(Answer::is_unclear) {
        return Err(
            "an answer is one of status and failure, and states not both outcome and error",
        );
    }
    Ok(())
}

impl Answer {
    fn is_unclear(&self) -> bool {
        self.failure == self.status.is_some() || (self.outcome.is_some() && self.error.is_some())
    }
}
