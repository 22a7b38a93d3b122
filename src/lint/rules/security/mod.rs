//! What would let text become a program, or a secret become text.

pub mod agent_text_as_program;
pub mod full_access;
pub mod inherited_env;
pub mod literal_secret;
pub mod parallel_writers;
pub mod path_escape;
pub mod secret_in_text;
pub mod template_in_shell;
pub mod unfenced_output;
pub mod unpinned;
