//! The Python package `karma`: environments as PettingZoo, trained teams, the evaluation, tables.
//!
//! | module | is in Python |
//! |---|---|
//! | `experiment` | `karma.Experiment`: settings, from which all else is made |
//! | `game` | what is under `karma.env`: one environment |
//! | `vector` | what is under `karma.vector_env`: many, which write arrays of NumPy in place |
//! | `team` | `karma.load_team`: a trained team acts, and is exported |
//! | `evaluation`, `stranger` | `karma.evaluate`: a team, or any callable, by the protocol of every table |
//! | `train` | `karma.train` |
//! | `columns`, `results`, `traces`, `trajectories` | tables as plain columns, for pandas and Arrow |
//!
//! Nothing is computed here: values go from one language to the other, and what is wrong becomes an exception. Whatever
//! plays an environment does it without the interpreter's lock.

mod actions;
mod columns;
mod errors;
mod evaluation;
mod experiment;
mod game;
mod results;
mod stranger;
mod team;
mod traces;
mod train;
mod trajectories;
mod vector;
mod watch;

use pyo3::pymodule;

/// What the package `karma` stands on. Import that.
#[pymodule]
mod _karma {
    #[pymodule_export]
    use crate::{
        evaluation::evaluate,
        experiment::Experiment,
        game::Game,
        results::{Results, load_results},
        team::Team,
        traces::read_traces,
        train::train,
        trajectories::read_trajectories,
        vector::Vector,
    };
}
