//! The rules over a draft.
