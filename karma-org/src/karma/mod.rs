//! KARMA's own organisation: four managers that defend a chain of services.
//!
//! The paper (arXiv 2505.21559, section IV.C) names the roles, what triggers them and what their missions reward;
//! its authors never published the organisation itself. This is ours, as MOISE XML and a binding of its roles and goals
//! to a cluster. Every threshold has a name, a unit and a reason there.
//!
//! | role | acts when | may then | mission |
//! |---|---|---|---|
//! | all of them | a service is busy, or idles | scale up that service, or down | |
//! | `bottleneck` | requests queue, or arrivals outgrow answers | scale up that service and its callers | drain the queues |
//! | `ddos` | arrivals surge while answers are late, or answers fail | scale up what is exposed, or anything | serve legitimate traffic |
//! | `failure` | pods failed, or a service refuses | scale up that service | make up for failed pods |
//! | `resource` | CPU is short | scale down what is not critical, and up what is | give back what is not needed |
//!
//! All extend the abstract role `defender`, whose rules are those of the first line. The DDoS manager has authority over
//! the three others, and those who keep services up over the one who saves; DDoS and bottleneck manager communicate; all are acquainted.
//!
//! ```
//! use karma_org::{Organization, karma, xml};
//!
//! let organization = Organization::new(xml::read(karma::SPECIFICATION)?.specification)?;
//! let ddos = organization.role("ddos").unwrap();
//! assert_eq!(organization.missions_of(ddos).len(), 1);
//! # Ok::<(), karma_org::Findings>(())
//! ```

/// The specification, as MOISE XML.
pub const SPECIFICATION: &str = include_str!("../../organizations/karma.xml");

/// What the roles, goals and missions mean on a cluster, as YAML.
pub const GUIDES: &str = include_str!("../../organizations/karma.guides.yaml");
