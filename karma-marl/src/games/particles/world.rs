//! The physics that all scenarios share: points on a plane that push off each other, in `f64`.
//!
//! A step of Δt = 0.1 damps a velocity by a quarter and adds the forces of actions and contacts to it; masses are 1.
//! Two agents of radii r at distance d push each other apart with 100·k·ln(1 + exp((2r − d) / k)), k = 10⁻³: a
//! penetration with a soft beginning. Its logarithm is taken only within 40 k of touching. Farther off the force is
//! below 10⁻¹⁸, and deeper inside the logarithm is its argument to the last bit, so nothing is lost but time.

use super::Integration;

/// A position, a velocity or a force: x and y.
pub(super) type Point = [f64; 2];

/// Landmarks of every scenario.
pub(super) const LANDMARKS: usize = 3;

const TIME_STEP: f64 = 0.1;
const DAMPING: f64 = 0.25;
const CONTACT_FORCE: f64 = 100.0;
const CONTACT_MARGIN: f64 = 1e-3;
/// Margins from touching beyond which a contact needs no logarithm.
const SOFT: f64 = 40.0;
/// Force of a move.
const SENSITIVITY: f64 = 5.0;

/// An agent in the world.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Particle {
    pub(super) position: Point,
    pub(super) velocity: Point,
    pub(super) force: Point,
    /// The word it said last.
    pub(super) said: Option<u32>,
}

impl Particle {
    /// Chooses none of or one of the moves left, right, down and up (0 to 4).
    pub(super) fn push(&mut self, direction: u32) {
        self.force = match direction {
            1 => [-SENSITIVITY, 0.0],
            2 => [SENSITIVITY, 0.0],
            3 => [0.0, -SENSITIVITY],
            4 => [0.0, SENSITIVITY],
            _ => [0.0, 0.0],
        };
    }
}

/// Everything that has a place.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) agents: Vec<Particle>,
    pub(super) landmarks: [Point; LANDMARKS],
    /// The landmark that an agent has in mind, by agent.
    pub(super) goals: Vec<usize>,
    /// Of every agent; `None`: they pass through each other.
    pub(super) radius: Option<f64>,
}

impl World {
    /// One step of the physics.
    pub(super) fn advance(&mut self, integration: Integration) {
        if let Some(radius) = self.radius {
            self.collide(2.0 * radius);
        }
        for agent in &mut self.agents {
            let old = agent.velocity;
            agent.velocity = [0, 1].map(|axis| old[axis] * (1.0 - DAMPING) + agent.force[axis] * TIME_STEP);
            let moving = match integration {
                Integration::VelocityFirst => agent.velocity,
                Integration::PositionFirst => old,
            };
            agent.position = [0, 1].map(|axis| agent.position[axis] + moving[axis] * TIME_STEP);
        }
    }

    /// Adds the forces of contacts between agents that touch at distance `touching`.
    fn collide(&mut self, touching: f64) {
        let reach = touching + SOFT * CONTACT_MARGIN;
        for second in 1..self.agents.len() {
            let (before, rest) = self.agents.split_at_mut(second);
            let second = &mut rest[0];
            for first in before {
                let between = difference(first.position, second.position);
                let squared = square(between);
                if squared > reach * reach || squared == 0.0 {
                    continue; // Out of reach, or on one spot: there is no direction in which to push.
                }
                let distance = squared.sqrt();
                let penetration = soft_penetration((touching - distance) / CONTACT_MARGIN) * CONTACT_MARGIN;
                for (axis, between) in between.into_iter().enumerate() {
                    let force = CONTACT_FORCE * between / distance * penetration;
                    first.force[axis] += force;
                    second.force[axis] -= force;
                }
            }
        }
    }
}

/// ln(1 + exp(depth)).
fn soft_penetration(depth: f64) -> f64 {
    if depth > SOFT { depth } else { depth.max(0.0) + (-depth.abs()).exp().ln_1p() }
}

/// `a − b`.
pub(super) fn difference(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

/// The square of a point's length.
pub(super) fn square(point: Point) -> f64 {
    point[0] * point[0] + point[1] * point[1]
}

/// How far apart two points are.
pub(super) fn distance(a: Point, b: Point) -> f64 {
    square(difference(a, b)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(gap: f64) -> World {
        let agent = |x| Particle { position: [x, 0.0], ..Particle::default() };
        World {
            agents: vec![agent(0.0), agent(gap)],
            landmarks: [[0.0; 2]; LANDMARKS],
            goals: vec![],
            radius: Some(0.15),
        }
    }

    #[test]
    fn the_first_step_of_a_push_shows_in_the_position_only_if_velocity_comes_first() {
        for (integration, x) in [(Integration::VelocityFirst, 0.05), (Integration::PositionFirst, 0.0)] {
            let mut world = two(9.0);
            world.agents[0].push(2);
            world.advance(integration);
            assert_eq!((world.agents[0].position[0], world.agents[0].velocity[0]), (x, 0.5));
        }
    }

    #[test]
    fn agents_that_just_touch_feel_the_soft_beginning_of_a_contact() {
        let mut world = two(0.3);
        world.advance(Integration::PositionFirst);
        let speed = CONTACT_FORCE * CONTACT_MARGIN * 2.0_f64.ln() * TIME_STEP;
        assert!((world.agents[1].velocity[0] - speed).abs() < 1e-15);
        assert_eq!(world.agents[0].velocity[0], -world.agents[1].velocity[0]);
    }

    #[test]
    fn leaving_out_the_logarithm_far_from_touching_changes_nothing() {
        assert_eq!(SOFT + (-SOFT).exp().ln_1p(), SOFT);
        assert!(CONTACT_FORCE * CONTACT_MARGIN * (-SOFT).exp().ln_1p() < 1e-18);
    }

    #[test]
    fn agents_on_one_spot_stay_finite() {
        let mut world = two(0.0);
        world.advance(Integration::VelocityFirst);
        assert_eq!(world.agents[0].position, [0.0, 0.0]);
    }
}
