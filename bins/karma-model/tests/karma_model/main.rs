//! The program as a user meets it: collecting, passing on, looking, refusals.

#[cfg(unix)]
mod collecting;
mod files;
mod looking;
mod workplace;
