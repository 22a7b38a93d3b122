//! A pipeline's own tests, in virtual time.
