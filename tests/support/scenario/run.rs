//! A scenario's steps on a cache.

use std::collections::HashMap;
use std::sync::Arc;

use httpcache::cache::{Exchange, Outcome, Rekeyed, Request, Response};
use httpcache::error::Error;
use httpcache::http::ResponseHead;

use super::caches::{self, Caches, Lent, error_name};
use super::expect::{self, equal};
use super::format::{Answer, Asked, Counts, Scenario, Setup, Step};
use super::{Checked, text::Texts};

/// Runs a scenario; the error tells the step, what was expected, and what was.
pub fn run(scenario: &Scenario, caches: &mut Caches) -> Checked<()> {
    let lent = caches.lend(&scenario.setup)?;
    let opened = lent.as_ref().err().map(error_name);
    equal("opening", opened, scenario.setup.open.as_deref())?;
    let Ok(lent) = lent else { return Ok(()) };
    let mut runner = Runner {
        lent,
        held: HashMap::new(),
        keys: HashMap::new(),
    };
    for (number, step) in scenario.steps.iter().enumerate() {
        runner
            .step(step)
            .map_err(|wrong| format!("step {}: {wrong}", number + 1))?;
    }
    Ok(())
}

struct Runner {
    lent: Lent,
    /// Exchanges whose answers a later step reports.
    held: HashMap<String, Exchange>,
    /// The keys that were seen, by their labels.
    keys: HashMap<String, String>,
}

impl Runner {
    fn step(&mut self, step: &Step) -> Checked<()> {
        if let Some(at) = step.at {
            self.lent.set_clock(at);
        }
        match (&step.reopen, &step.rekey) {
            (Some(setup), _) => self.reopen(setup),
            (_, Some(expected)) => self.rekey(expected),
            _ => self.ask(step),
        }
    }

    fn reopen(&mut self, setup: &Setup) -> Checked<()> {
        let opened = self.lent.reopen(setup)?;
        let refused = opened.as_ref().err().map(error_name);
        equal("opening", refused, setup.open.as_deref())
    }

    fn rekey(&self, expected: &Counts) -> Checked<()> {
        let mut counts = Rekeyed::default();
        let cache = &self.lent.cache;
        let own = [cache.key_settings()];
        let from = expected.from.map(|_| &own[..]);
        let done = cache.rekey(from, &mut counts, &mut |_, _| true);
        done.map_err(|error| format!("making keys anew: {error}"))?;
        let expected = Rekeyed {
            moved: expected.moved,
            collided: expected.collided,
            left: expected.left,
        };
        equal("making keys anew", counts, expected)
    }

    fn ask(&mut self, step: &Step) -> Checked<()> {
        let mut exchange = match (&step.request, &step.resume) {
            (Some(asked), _) => match self.look_up(asked) {
                Ok((request, exchange)) => {
                    equal("error", None, step.error.as_deref())?;
                    self.check_key(&request, step.key.as_ref())?;
                    exchange
                }
                Err(Refused::Wrong(wrong)) => return Err(wrong),
                Err(Refused::Error(error)) => {
                    return equal("error", Some(error_name(&error)), step.error.as_deref());
                }
            },
            (None, Some(name)) => self
                .held
                .remove(name)
                .ok_or("nothing of this name is held")?,
            (None, None) => return Err("it asks nothing".to_owned()),
        };
        if let Some(decision) = &step.decision {
            let told = format!("{} ({})", decision_name(&exchange)?, reason(&exchange));
            if decision_name(&exchange)? != decision {
                return Err(format!("decision is {told}, not {decision}"));
            }
        }
        if let Some(expected) = &step.reason {
            equal("reason", reason(&exchange), expected.clone())?;
        }
        if let Some(expected) = &step.forward {
            self.check_forward(&exchange, expected)?;
        }
        // What is handed on while it is revalidated behind the caller's back is taken before.
        let is_answered = step.resume.is_none() && exchange.handed_on().is_some();
        if is_answered {
            self.check_response(step, &exchange, &[])?;
        }
        let last_body = self.report(&step.answers, &mut exchange)?;
        if !is_answered && step.hold.is_none() {
            self.check_response(step, &exchange, &last_body)?;
        }
        if let Some(name) = &step.hold {
            self.held.insert(name.clone(), exchange);
        }
        Ok(())
    }

    fn look_up(&self, asked: &Asked) -> Result<(Arc<Request>, Exchange), Refused> {
        let method = asked.method.as_deref().unwrap_or("GET");
        let url = self.lent.texts.url(&*asked.url);
        let mut request = Request::new(method.as_bytes(), url.as_bytes())?;
        for (name, value) in &asked.fields {
            let value = self.lent.texts.value(value)?;
            request.http.fields.add(name.as_bytes(), &value)?;
        }
        request.http.body = asked
            .body
            .as_ref()
            .map(|body| body.bytes())
            .unwrap_or_default();
        for (name, value) in &asked.options {
            let (number, value) = (caches::number(name)?, caches::value_of(name, value)?);
            request.overrides.set(number, value)?;
        }
        for (name, value) in &asked.names {
            let value = value.as_deref().map(str::as_bytes);
            request.overrides.set_name(caches::name(name)?, value)?;
        }
        let request = Arc::new(request);
        let exchange = self.lent.cache.lookup(&request)?;
        Ok((request, *exchange))
    }

    /// Requests of one label have the same key, and those of others another one.
    fn check_key(
        &mut self,
        request: &Arc<Request>,
        expected: Option<&Option<String>>,
    ) -> Checked<()> {
        let Some(label) = expected else {
            return Ok(());
        };
        let found = self.lent.cache.key(request);
        let key = found.map_err(|error| format!("its key: {error}"))?;
        let key = key.map(|key| key.to_string());
        let (Some(label), Some(key)) = (label, &key) else {
            return equal("having a key", key.is_some(), label.is_some());
        };
        for (other, seen) in &self.keys {
            if (seen == key) != (other == label) {
                let how = if seen == key { "the" } else { "not the" };
                return Err(format!("its key, {label}, is {how} one of {other}"));
            }
        }
        self.keys.insert(label.clone(), key.clone());
        Ok(())
    }

    /// Reports what the origin says; gives the last body it sent.
    fn report(&self, answers: &[Answer], exchange: &mut Exchange) -> Checked<Vec<u8>> {
        let mut body = Vec::new();
        let mut is_over = exchange.forward().is_none();
        for (number, answer) in answers.iter().enumerate() {
            let of_answer = |wrong| format!("answer {}: {wrong}", number + 1);
            if is_over {
                return Err(of_answer("it is not asked for".to_owned()));
            }
            if let Some(expected) = &answer.forward {
                self.check_forward(exchange, expected).map_err(of_answer)?;
            }
            if let Some(at) = answer.at {
                self.lent.set_clock(at);
            }
            body = answer
                .body
                .as_ref()
                .map(|body| body.bytes())
                .unwrap_or_default();
            let became = match tell(answer, &body, exchange, &self.lent.texts) {
                Ok(became) => became,
                Err(Refused::Wrong(wrong)) => return Err(of_answer(wrong)),
                Err(Refused::Error(error)) => {
                    let told = equal("error", Some(error_name(&error)), answer.error.as_deref());
                    told.map_err(of_answer)?;
                    continue;
                }
            };
            equal("error", None, answer.error.as_deref()).map_err(of_answer)?;
            let expected = answer.outcome.as_deref().unwrap_or(became);
            if became != expected {
                let told = format!("outcome is {became} ({})", reason(exchange));
                return Err(of_answer(format!("{told}, not {expected}")));
            }
            if let Some(why) = &answer.why {
                equal("why", reason(exchange), why.clone()).map_err(of_answer)?;
            }
            is_over = became != "repeat";
        }
        Ok(body)
    }

    fn check_forward(&self, exchange: &Exchange, expected: &super::format::Fields) -> Checked<()> {
        let forward = exchange.forward().ok_or("there is nothing to send")?;
        expect::fields("forward", &forward.http.fields, expected, &self.lent.texts)
    }

    fn check_response(&self, step: &Step, exchange: &Exchange, origins: &[u8]) -> Checked<()> {
        let Some(expected) = &step.response else {
            return Ok(());
        };
        let whole = exchange.response().map_err(|error| error.to_string())?;
        let (actual, texts) = (exchange.handed_on(), &self.lent.texts);
        expect::response(actual, whole, origins, expected.as_ref(), texts)
    }
}

/// What the library, or the scenario itself, does not allow.
enum Refused {
    Error(Error),
    Wrong(String),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::Error(error)
    }
}

impl From<String> for Refused {
    fn from(wrong: String) -> Self {
        Refused::Wrong(wrong)
    }
}

/// Reports one answer; gives what became of it.
fn tell(
    answer: &Answer,
    body: &[u8],
    exchange: &mut Exchange,
    texts: &Texts,
) -> Result<&'static str, Refused> {
    let Some(status) = answer.status else {
        return Ok(failure(exchange.fail()?));
    };
    let reason = answer.reason.as_deref().unwrap_or_default();
    let mut head = ResponseHead::new(status, reason.as_bytes())?;
    for (name, value) in &answer.fields {
        head.fields.add(name.as_bytes(), &texts.value(value)?)?;
    }
    if answer.pieces.is_none() && answer.cut.is_none() {
        let mut origin = Response::built(head);
        origin.set_body(body.to_vec());
        return Ok(outcome(exchange.store(&origin)?));
    }
    let begun = exchange.begin(&head)?;
    if begun != Outcome::Storing {
        return Ok(outcome(begun));
    }
    let arrived = body.get(..answer.cut.unwrap_or(body.len())).unwrap_or(body);
    for piece in arrived.chunks(answer.pieces.unwrap_or(usize::MAX).max(1)) {
        exchange.write(piece)?;
    }
    if answer.cut.is_some() {
        return Ok(failure(exchange.fail()?));
    }
    Ok(outcome(exchange.end()?))
}

fn failure(is_stale_used: bool) -> &'static str {
    if is_stale_used {
        "used_stale"
    } else {
        "nothing"
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotStored => "not_stored",
        Outcome::Stored => "stored",
        Outcome::Freshened => "freshened",
        Outcome::UsedStale => "used_stale",
        Outcome::Storing => "storing",
        Outcome::Repeat => "repeat",
    }
}

/// By its number: what the header says is what counts.
fn decision_name(exchange: &Exchange) -> Checked<&'static str> {
    const NAMES: [&str; 6] = [
        "forward",
        "fresh",
        "stale",
        "stale_revalidate",
        "revalidate",
        "unsatisfiable",
    ];
    let number = exchange.decision() as usize;
    let name = NAMES.get(number).copied();
    name.ok_or_else(|| format!("decision {number} has no name"))
}

fn reason(exchange: &Exchange) -> String {
    exchange.reason().to_string_lossy().into_owned()
}
