//! What several tests of conditions begin with.

use karma_core::Topology;

/// The chain of the thesis, API → Auth → Products → Orders; API is critical.
pub(crate) fn chain() -> Topology {
    let text = r#"{
        "services": {
            "API": { "cpu": 500, "ram": 256, "computation_throughput": 100, "priority": "critical" },
            "Auth": { "cpu": 400, "ram": 256, "computation_throughput": 80 },
            "Products": { "cpu": 600, "ram": 256, "computation_throughput": 150, "priority": "low" },
            "Orders": { "cpu": 700, "ram": 256, "computation_throughput": 300 }
        },
        "connections": [
            { "source": "INPUT", "destination": "API" },
            { "source": "API", "destination": "Auth" },
            { "source": "Auth", "destination": "Products" },
            { "source": "Products", "destination": "Orders" }
        ]
    }"#;
    Topology::read(text.as_bytes()).unwrap()
}
