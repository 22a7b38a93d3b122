//! Decides what happens next: pure.
