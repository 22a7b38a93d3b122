//! What the evaluation on this thread may still use: steps, bytes, nesting, stack and time.
//!
//! The interpreter calls into values millions of times, with no way to hand a context along, so the account is kept per
//! thread. Whoever evaluates opens it with [`open`]; outside an evaluation everything is free. What runs out ends the
//! evaluation by unwinding with a [`Stop`] (which skips the panic hook), so that jq's own `try` cannot hide it.

use std::cell::Cell;
use std::panic::resume_unwind;

/// Work units of one interpreter step; a comparison of two values is one unit.
const STEP_UNITS: u64 = 16;
/// Bytes that may be copied for one unit.
const UNIT_BYTES: usize = 64;
/// The deadline is looked at once in so many units (a power of two).
const LOOK_UNITS: u32 = 14;

/// Why an evaluation was stopped: the payload of the unwinding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Out of steps.
    Fuel,
    /// Past the deadline.
    Time,
    /// Nested too deep.
    Stack,
    /// Too many bytes.
    Size,
}

/// What an evaluation may use.
#[derive(Clone, Copy)]
pub(crate) struct Budget {
    /// Interpreter steps.
    pub(crate) steps: u64,
    /// Bytes that values may take, all in all.
    pub(crate) bytes: usize,
    /// Lists and tables put around others.
    pub(crate) nesting: u32,
    /// Lowest address that the stack may reach.
    pub(crate) floor: usize,
    /// Whether the deadline has passed.
    pub(crate) expired: fn() -> bool,
}

const FREE: Budget = Budget { steps: u64::MAX / STEP_UNITS, bytes: usize::MAX, nesting: u32::MAX, floor: 0, expired: || false };

struct Meter {
    units: Cell<u64>,
    bytes: Cell<usize>,
    nesting: Cell<u32>,
    floor: Cell<usize>,
    expired: Cell<fn() -> bool>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            units: Cell::new(FREE.steps * STEP_UNITS),
            bytes: Cell::new(FREE.bytes),
            nesting: Cell::new(FREE.nesting),
            floor: Cell::new(FREE.floor),
            expired: Cell::new(FREE.expired),
        }
    };
}

/// An open account; what was there before is back when it is dropped.
pub(crate) struct Account(u64, usize, u32, usize, fn() -> bool);

/// Opens an account for the evaluation that follows on this thread.
pub(crate) fn open(budget: Budget) -> Account {
    METER.with(|meter| {
        Account(
            meter.units.replace(budget.steps.saturating_mul(STEP_UNITS)),
            meter.bytes.replace(budget.bytes),
            meter.nesting.replace(budget.nesting),
            meter.floor.replace(budget.floor),
            meter.expired.replace(budget.expired),
        )
    })
}

impl Drop for Account {
    fn drop(&mut self) {
        METER.with(|meter| {
            meter.units.set(self.0);
            meter.bytes.set(self.1);
            meter.nesting.set(self.2);
            meter.floor.set(self.3);
            meter.expired.set(self.4);
        });
    }
}

fn stop(why: Stop) -> ! {
    resume_unwind(Box::new(why))
}

/// One step of the interpreter.
#[inline]
pub(crate) fn step() {
    let here = 0u8;
    if std::ptr::from_ref(&here).addr() < METER.with(|meter| meter.floor.get()) {
        stop(Stop::Stack);
    }
    spend(STEP_UNITS);
}

/// Work that is not a step: a sixteenth of one for each unit.
#[inline]
pub(crate) fn spend(units: u64) {
    METER.with(|meter| {
        let left = meter.units.get();
        let Some(rest) = left.checked_sub(units) else { stop(Stop::Fuel) };
        meter.units.set(rest);
        if (left >> LOOK_UNITS) != (rest >> LOOK_UNITS) && (meter.expired.get())() {
            stop(Stop::Time);
        }
    });
}

/// Room for a value of so many bytes.
#[inline]
pub(crate) fn room(bytes: usize) {
    METER.with(|meter| match meter.bytes.get().checked_sub(bytes) {
        Some(rest) => meter.bytes.set(rest),
        None => stop(Stop::Size),
    });
    spend((bytes / UNIT_BYTES) as u64);
}

/// One more list or table around something large: bounds the depth of values, and with it the stack they need when
/// they are compared, printed and dropped.
pub(crate) fn nest() {
    METER.with(|meter| match meter.nesting.get().checked_sub(1) {
        Some(rest) => meter.nesting.set(rest),
        None => stop(Stop::Stack),
    });
}

/// What is wrong with a value that is larger than a value may be.
pub(crate) fn too_large() -> ! {
    stop(Stop::Size)
}
