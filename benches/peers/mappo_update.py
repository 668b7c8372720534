"""One epoch of MAPPO's update in PyTorch; the other half of `../examples/mappo_update.rs`, with the same cases.

A case is `HIDDEN ACTIVATION NORM PARTS`, as in `64 tanh norm 1`, and perhaps `compile`; the answer is in milliseconds.
`mappo_update.py check FILE` repeats the gradient steps that the Rust side wrote down and compares.
"""

import json
import sys

import numpy
import torch

import mappo
import turns

AGENTS, ROWS, OBSERVATION, ACTIONS = 3, 9600, 18, 5
STATE = AGENTS * OBSERVATION
LEARNING_RATE = 5e-4
# Largest difference to the Rust side, relative.
ALLOWED = 1e-4


def learner(hidden, activation, norm, compiled=False):
    actor = mappo.network(OBSERVATION, hidden, ACTIONS, activation, norm, 0.01)
    critic = mappo.network(STATE, hidden, 1, activation, norm, 1.0)
    return mappo.Learner(actor, critic, LEARNING_RATE, compiled)


def batch(learner):
    """Random rows, with the networks' own log-probabilities and values as the old ones."""
    observations, states = torch.randn(ROWS, OBSERVATION), torch.randn(ROWS, STATE)
    actions = torch.randint(ACTIONS, (ROWS, 1))
    with torch.no_grad():
        old_log_probs = torch.log_softmax(learner.actor(observations), -1).gather(1, actions).squeeze(1)
        old_values = learner.critic(states)
    return [observations, actions, old_log_probs, torch.randn(ROWS), states, old_values, torch.randn(ROWS, 1) * 10 - 25]


class Case:
    """Everything of one case, kept from turn to turn: compiling takes long."""

    def __init__(self, hidden, activation, norm, parts, compiled):
        torch.manual_seed(7)
        self.parts = parts
        self.learner = learner(hidden, activation, norm, compiled)
        self.batch = batch(self.learner)
        self.epoch()
        self.epoch()

    def epoch(self):
        if self.parts == 1:
            self.learner.update(*self.batch)
            return
        for rows in torch.randperm(ROWS).chunk(self.parts):
            self.learner.update(*(column[rows] for column in self.batch))


CASES = {}


def measure(hidden, activation, norm, parts, mode="eager"):
    key = (int(hidden), activation, norm == "norm", int(parts), mode == "compile")
    if key not in CASES:
        CASES[key] = Case(*key)
    return 1e3 * turns.seconds_per_call(CASES[key].epoch)


def read(path):
    """The tensors and the notes of a safetensors file: length, header as JSON, data."""
    data = open(path, "rb").read()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    notes = json.loads(header.pop("__metadata__")["karma"])["header"]["notes"]
    kinds = {"F32": numpy.float32, "F64": numpy.float64}

    def tensor(entry):
        begin, end = entry["data_offsets"]
        flat = numpy.frombuffer(data[start + begin : start + end], kinds[entry["dtype"]])
        return torch.from_numpy(flat.reshape(entry["shape"]).copy())

    return {name: tensor(entry) for name, entry in header.items()}, notes


@torch.no_grad()
def load(net, tensors, name):
    """Gives `net` the weights of the Rust side, which stores them inputs x outputs."""
    norms, linears = ([layer for layer in net if isinstance(layer, kind)] for kind in (torch.nn.LayerNorm, torch.nn.Linear))
    for i, layer in enumerate(linears):
        layer.weight.copy_(tensors[f"{name}.layers.{i}.weight"].T)
        layer.bias.copy_(tensors[f"{name}.layers.{i}.bias"])
    for i, layer in enumerate(norms):
        layer.weight.copy_(tensors[f"{name}.layers.{i}.norm.gain"])
        layer.bias.copy_(tensors[f"{name}.layers.{i}.norm.bias"])


def check(path):
    """Exits with an error unless every number of every step agrees."""
    tensors, notes = read(path)
    case = notes["case"]
    both = learner(case["hidden"], case["activation"], case["norm"])
    load(both.actor, tensors, "actor")
    load(both.critic, tensors, "critic")
    columns = ["observations", "actions", "old_log_probs", "advantages", "states", "old_values", "returns"]
    rows = {name: tensors[name] for name in columns}
    rows["actions"] = rows["actions"].long()
    pairs = [pair for theirs in notes["steps"] for pair in zip(both.update(**rows), theirs)]
    worst = numpy.max([abs(ours - theirs) / abs(theirs) for ours, theirs in pairs])
    print(f"{case}: {len(notes['steps'])} steps, largest relative difference {worst:.1e}")
    if not worst <= ALLOWED:
        sys.exit(f"the two sides differ by {worst:.1e}; allowed: {ALLOWED:.0e}")


turns.one_thread()
if sys.argv[1:2] == ["check"]:
    for path in sys.argv[2:]:
        check(path)
else:
    turns.answer(measure)
