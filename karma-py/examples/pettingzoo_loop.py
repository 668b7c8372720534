"""What is a game like, and how does a policy of one's own stand beside the rules?

    python karma-py/examples/pettingzoo_loop.py

A PettingZoo loop in which every agent plays a random legal action, then a rule of five lines in the table.
"""

import numpy as np

import karma

suite = karma.experiment("chain4", scenario="ddos", seeds=5)
env = karma.env(experiment=suite, render_mode="ansi")

for seed in range(5):
    observations, infos = env.reset(seed=seed)
    total, steps = 0.0, 0
    while env.agents:
        actions = {
            agent: env.action_space(agent).sample(mask=seen["action_mask"]) for agent, seen in observations.items()
        }
        observations, rewards, terminations, truncations, infos = env.step(actions)
        total, steps = total + np.mean(list(rewards.values())), steps + 1
    print(f"seed {seed}: return {total:.2f} in {steps} steps")
print(env.render())

moves, services = env.moves, env.services


def step_up(agent, observation, action_mask):
    """Adds a pod to whatever may get one; the guides of the organisation decide what may, and for whom."""
    up = [action for action, (_, change) in enumerate(moves[agent]) if change == 1 and action_mask[action]]
    hold = [action for action, (_, change) in enumerate(moves[agent]) if change == 0 and action_mask[action]]
    return (up or hold or np.flatnonzero(action_mask))[0]


print(f"Services: {', '.join(services)}")
print(karma.evaluate(step_up, suite, name="step-up"))
