//! Durations (`30m`, `1h30m`) and counts (`200k`).
