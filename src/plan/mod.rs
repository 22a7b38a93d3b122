//! The frozen plan of a run: canonical, with a digest; no spans, line numbers kept as origin.
