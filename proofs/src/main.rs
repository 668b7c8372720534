//! Property, proof, verdict, time.

fn main() {}
