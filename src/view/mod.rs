//! Read models of what is stored.
