//! TOML to a spanned pipeline, never failing: a pipeline, perhaps partial, and findings.
