//! Which program an image is made for, and what is told of it.

use karma_mock::service::{ADMIN_PORT, PORT};

/// The one program of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its name, which is its path below the root, too.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
    /// Ports that it listens on.
    pub ports: &'static [u16],
}

impl Content {
    /// The mock service.
    pub const SERVICE: Self = Self {
        name: "karma-service",
        description: "A mock microservice that computes, holds memory and calls others.",
        ports: &[PORT, ADMIN_PORT],
    };

    /// The controller, which is `karma-transfer controller`.
    pub const CONTROLLER: Self = Self {
        name: "karma-transfer",
        description: "Agents that scale Deployments, behind a safety shield and with an HPA to fall back to.",
        ports: &[8080],
    };
}
