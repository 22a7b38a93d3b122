//! What a finished stream means: a reply, a failure of some class, or another try with other flags.
//!
//! Pure but for the clock in errors. `is_error` decides and nothing else does: the exit code is 0 after an interrupt,
//! `subtype` is "success" for a refused key, and a denied tool fails nothing.

use super::flags::{Session, Shape};
use super::stream::Stream;
use crate::agent::failure::{Fault, error};
use crate::agent::process::{End, How};
use crate::agent::reply;
use crate::run::{AgentReport, AgentSpec, AgentWork, ErrorClass, Time, Usage};
use crate::value::Value;
use serde_json::Value as Json;

/// What to make of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// A reply.
    Reply(Value),
    /// A failure.
    Failed(Fault),
    /// The session is not there: start in a new one.
    Lost,
    /// The session is there already, from an earlier try of this very turn: go on in it.
    Taken,
}

/// What one process was asked and how it went.
#[derive(Debug)]
pub(super) struct Finished<'a> {
    pub(super) stream: &'a Stream,
    pub(super) stderr: &'a str,
    pub(super) end: &'a End,
    pub(super) agent: &'a AgentWork,
    pub(super) spec: &'a AgentSpec,
    pub(super) session: &'a Session,
    pub(super) shape: &'a Shape,
    /// The failure when we ended it, or it never ran.
    pub(super) ended: Option<Fault>,
}

impl Finished<'_> {
    /// The verdict.
    pub(super) fn verdict(&self) -> Verdict {
        let Some(result) = &self.stream.result else { return self.without_result() };
        if result["is_error"] == false {
            return self.value(result).map_or_else(Verdict::Failed, Verdict::Reply);
        }
        if let Some(ended) = &self.ended {
            return Verdict::Failed(ended.clone());
        }
        let words = words(result);
        if words.contains(NO_SESSION) && matches!(self.session, Session::Resumed(_)) {
            return Verdict::Lost;
        }
        Verdict::Failed(self.classified(result, &words))
    }

    /// It ended without a result.
    fn without_result(&self) -> Verdict {
        if let Some(ended) = &self.ended {
            return Verdict::Failed(ended.clone());
        }
        let told = if self.stderr.trim().is_empty() { self.stream.log.trim() } else { self.stderr.trim() };
        if told.contains(NO_SESSION) && matches!(self.session, Session::Resumed(_)) {
            return Verdict::Lost;
        }
        if told.contains("already in use") && matches!(self.session, Session::New(_)) {
            return Verdict::Taken;
        }
        let how = match self.end.how {
            How::Code(code) => format!("exited with code {code}"),
            How::Signal(signal) => format!("was ended by signal {signal}"),
            How::NotStarted(_) | How::GuardLost => "did not run".to_owned(),
        };
        // Nothing but words on standard error: a flag, a setting or a schema that it does not take. It will not
        // take them the next time either, whereas a process that was at work, or was killed, has crashed.
        let refused = !self.stream.events && !told.is_empty() && matches!(self.end.how, How::Code(1..128));
        let class = if refused { ErrorClass::Refused } else { ErrorClass::Transient };
        let told = if told.is_empty() { "it said nothing".to_owned() } else { short(told) };
        Verdict::Failed(error(class, format!("`claude` {how} without a result: {told}")))
    }

    /// The reply of a turn that went well.
    fn value(&self, result: &Json) -> Result<Value, Fault> {
        let text = result["result"].as_str().unwrap_or_default();
        let Some(schema) = self.agent.schema.as_ref().filter(|_| *self.shape != Shape::Text) else {
            return Ok(Value::text(text));
        };
        let wrapped = matches!(self.shape, Shape::Flag { wrapped: true, .. });
        let structured = result.get("structured_output").filter(|value| !value.is_null()).map(Value::from_serialize);
        // It was told to call a tool and answered in words all the same: the words may hold what was asked for.
        let value = structured.or_else(|| reply::of_shape(text, schema)).ok_or_else(|| {
            let said = if text.trim().is_empty() { "nothing".to_owned() } else { format!("`{}`", short(text)) };
            error(ErrorClass::Invalid, format!("the reply holds no JSON of the declared shape: `claude` said {said}"))
        })?;
        let inside = wrapped && value.has("value") && value.entries().is_some_and(|entries| entries.count() == 1);
        Ok(if inside { value.get("value") } else { value })
    }

    /// The failure of a result that is an error.
    fn classified(&self, result: &Json, words: &str) -> Fault {
        let reason = result["terminal_reason"].as_str().or_else(|| result["subtype"].as_str()).unwrap_or_default();
        let (class, message) = match reason {
            "max_turns" | "error_max_turns" => {
                let turns = self.spec.max_turns.map_or_else(String::new, |turns| format!(" {turns}"));
                (ErrorClass::Timeout, format!("the agent used up its{turns} turns (`max_turns`) before it was done"))
            }
            "budget_exhausted" | "error_max_budget_usd" => {
                let budget = self.spec.budget_usd.map_or_else(String::new, |budget| format!(" of ${budget}"));
                (ErrorClass::Budget, format!("the agent used up its budget{budget} (`budget_usd`) before it was done"))
            }
            "structured_output_retry_exhausted" | "error_max_structured_output_retries" => {
                (ErrorClass::Invalid, format!("the reply is not of the declared shape: {}", short(words)))
            }
            "prompt_too_long" | "blocking_limit" | "rapid_refill_breaker" | "image_error" => {
                (ErrorClass::Refused, format!("the prompt does not fit the model: {}", short(words)))
            }
            "stop_hook_prevented" | "hook_stopped" => {
                (ErrorClass::Refused, format!("a hook of the project's `claude` settings stopped the agent: {}", short(words)))
            }
            "api_error" => return self.api_error(result, words),
            _ if limited(words) || self.stream.limited || result["api_error_status"].is_number() => {
                return self.api_error(result, words);
            }
            _ => (ErrorClass::Transient, format!("`claude` stopped in the middle of its work ({reason}): {}", short(words))),
        };
        error(class, message)
    }

    /// The failure of a call to the model.
    fn api_error(&self, result: &Json, words: &str) -> Fault {
        let low = words.to_ascii_lowercase();
        let has = |needles: &[&str]| needles.iter().any(|needle| low.contains(needle));
        let status = result["api_error_status"].as_u64();
        if has(&["spend limit", "credit balance", "out of usage credits"]) {
            return error(ErrorClass::Refused, format!("the account cannot pay for the model: {}", short(words)));
        }
        if limited(words) || (self.stream.limited && matches!(status, None | Some(429))) {
            let mut error = error(ErrorClass::Limit, format!("a usage limit of the account is reached: {}", short(words)));
            error.resets_at = self.stream.resets_at.or_else(|| reset_in(words));
            return error;
        }
        let login = has(&["not logged in", "/login", "invalid api key", "authentication", "oauth token", "api key"]);
        let class = match status {
            Some(408 | 409 | 425 | 429 | 500..) => ErrorClass::Transient,
            Some(_) => ErrorClass::Refused,
            None if login => ErrorClass::Refused,
            None => ErrorClass::Transient,
        };
        let help = if matches!(status, Some(401 | 403)) || (status.is_none() && login) {
            " (log in with `claude`, or set `ANTHROPIC_API_KEY`)"
        } else {
            ""
        };
        error(class, format!("the model did not answer: {}{help}", short(words)))
    }

    /// What the agent reported of itself.
    pub(super) fn report(&self) -> AgentReport {
        let result = self.stream.result.as_ref();
        let mut denied: Vec<String> = Vec::new();
        for denial in result.and_then(|result| result["permission_denials"].as_array()).into_iter().flatten() {
            if let Some(tool) = denial["tool_name"].as_str().filter(|tool| !denied.iter().any(|known| known == tool)) {
                denied.push(tool.to_owned());
            }
        }
        AgentReport {
            backend: super::PROGRAM.to_owned(),
            model: self.stream.model.clone().or_else(|| self.spec.model.clone()),
            session: self.stream.session.clone(),
            session_cost_usd: self.total_cost().unwrap_or_else(|| self.cost_before()),
            version: self.stream.version.clone(),
            denied,
        }
    }

    /// What this turn cost: a resumed session reports sums over its whole life.
    pub(super) fn usage(&self) -> Usage {
        let Some(result) = &self.stream.result else { return Usage::default() };
        let count = |value: &Json| value.as_u64().unwrap_or(0);
        let read = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
        let mut usage = Usage {
            cost_usd: self.total_cost().map_or(0.0, |total| (total - self.cost_before()).max(0.0)),
            input_tokens: read.iter().map(|key| count(&result["usage"][key])).sum(),
            output_tokens: count(&result["usage"]["output_tokens"]),
        };
        if matches!(self.session, Session::New(_)) {
            // After an error `usage` may be all zeros, while the sums by model are right; in a new session they are
            // this turn's alone.
            let models = || result["modelUsage"].as_object().into_iter().flat_map(|models| models.values());
            let read = ["inputTokens", "cacheCreationInputTokens", "cacheReadInputTokens"];
            let input: u64 = models().map(|model| read.iter().map(|key| count(&model[key])).sum::<u64>()).sum();
            let output: u64 = models().map(|model| count(&model["outputTokens"])).sum();
            usage.input_tokens = usage.input_tokens.max(input);
            usage.output_tokens = usage.output_tokens.max(output);
        }
        usage
    }

    fn total_cost(&self) -> Option<f64> {
        self.stream.result.as_ref()?["total_cost_usd"].as_f64()
    }

    /// What the session had cost before this turn.
    fn cost_before(&self) -> f64 {
        match self.session {
            Session::New(_) => 0.0,
            Session::Resumed(_) => self.agent.session_cost_usd,
        }
    }
}

/// What it says of a session that it does not know.
const NO_SESSION: &str = "No conversation found";

/// The words of an error: `result` of a failed call, `errors` of everything else.
fn words(result: &Json) -> String {
    if let Some(text) = result["result"].as_str().filter(|text| !text.is_empty()) {
        return text.to_owned();
    }
    let errors = result["errors"].as_array().into_iter().flatten().filter_map(Json::as_str);
    errors.collect::<Vec<_>>().join("; ")
}

/// Whether the words are those of an exhausted usage window (not of a busy server).
fn limited(words: &str) -> bool {
    let low = words.to_ascii_lowercase();
    low.contains("usage limit reached")
        || (low.contains("hit your") && low.contains("limit"))
        || (low.contains("limit reached") && low.contains("reset"))
}

/// When the window resets, where the words end in `|<seconds since 1970>`.
fn reset_in(words: &str) -> Option<Time> {
    let (_, digits) = words.rsplit_once('|')?;
    let seconds: u64 = digits.trim().parse().ok()?;
    (seconds > 1_000_000_000).then(|| Time(seconds.saturating_mul(1000)))
}

/// Words for a message: a few lines at most.
fn short(words: &str) -> String {
    const CHARS: usize = 600;
    let words = words.trim();
    match words.char_indices().nth(CHARS) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words.to_owned(),
    }
}
