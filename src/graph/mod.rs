//! Names resolved, order, loops, reads: Draft and Sound.
