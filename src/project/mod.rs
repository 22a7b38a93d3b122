//! The only reader of pipelines, prompts, instructions and `flow.toml`.
