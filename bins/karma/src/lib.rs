//! The facade: the phases as functions, the run directory, configuration and reports.
