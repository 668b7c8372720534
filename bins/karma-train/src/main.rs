//! Train a team of agents in the simulated cluster and compare it with the rule-based autoscalers.

fn main() {}
