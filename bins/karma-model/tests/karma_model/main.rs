//! The program as a user meets it: collecting, passing on, looking, twins, refusals.

#[cfg(unix)]
mod collecting;
mod files;
mod looking;
mod twins;
mod workplace;
