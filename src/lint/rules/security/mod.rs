//! What would let text become a program, or a secret become text.

pub mod literal_secret;
pub mod path_escape;
pub mod template_in_shell;
