//! Criterion suites of the workspace.
