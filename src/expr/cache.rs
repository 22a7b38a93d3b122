//! Compiled expressions, templates and schemas of one plan, each compiled once.

use super::Mistake;
use super::jq::Jq;
use super::shape::Schema;
use super::template::Template;
use crate::value::Value;
use indexmap::IndexMap;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Compiles on first use and keeps what it compiled. Shared between threads; clones of what it gives are cheap.
#[derive(Debug, Default)]
pub struct Cache {
    includes: IndexMap<String, String>,
    jq: Mutex<HashMap<String, Jq>>,
    templates: Mutex<HashMap<String, Template>>,
    schemas: Mutex<HashMap<String, Schema>>,
}

fn kept<T: Clone, E>(map: &Mutex<HashMap<String, T>>, text: &str, make: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    if let Some(known) = map.lock().unwrap_or_else(PoisonError::into_inner).get(text) {
        return Ok(known.clone());
    }
    let made = make()?;
    map.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned(), made.clone());
    Ok(made)
}

impl Cache {
    /// An empty cache; `includes` are the texts that templates include, by name.
    pub fn new(includes: IndexMap<String, String>) -> Self {
        Self { includes, ..Self::default() }
    }

    /// A jq expression.
    ///
    /// # Errors
    /// It does not compile.
    pub fn jq(&self, text: &str) -> Result<Jq, Vec<Mistake>> {
        kept(&self.jq, text, || Jq::compile(text))
    }

    /// A template.
    ///
    /// # Errors
    /// It does not compile.
    pub fn template(&self, text: &str) -> Result<Template, Vec<Mistake>> {
        kept(&self.templates, text, || Template::parse(text, &|name| self.includes.get(name).cloned()))
    }

    /// A JSON Schema.
    ///
    /// # Errors
    /// It does not compile.
    pub fn schema(&self, schema: &Value) -> Result<Schema, String> {
        kept(&self.schemas, &schema.to_string(), || Schema::compile(schema))
    }
}
