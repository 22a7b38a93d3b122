//! What would let text become a program, or a secret become text.

pub mod agent_text_as_program;
pub mod full_access;
pub mod literal_secret;
pub mod path_escape;
pub mod secret_in_text;
pub mod template_in_shell;
pub mod unpinned;
