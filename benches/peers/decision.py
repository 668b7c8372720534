"""One decision of four actors with masks in PyTorch; the other half of `../examples/decision.rs`.

Four networks 160 -> 64 -> 64 -> 28 as a batched product of stacked weights, which is faster than one after the other: a
call of PyTorch costs more than its arithmetic here. A case is `greedy` or `sampled`, the answer is in microseconds.
"""

import numpy
import torch

import turns

AGENTS, OBSERVATION, HIDDEN, ACTIONS = 4, 160, 64, 28
DECISIONS = 100

turns.one_thread()
torch.manual_seed(7)
sizes = [OBSERVATION, HIDDEN, HIDDEN, ACTIONS]
layers = [(torch.randn(AGENTS, n, m) / n**0.5, torch.zeros(AGENTS, 1, m)) for n, m in zip(sizes, sizes[1:])]
observations = numpy.random.default_rng(7).standard_normal((AGENTS, 1, OBSERVATION), numpy.float32)
illegal = numpy.random.default_rng(8).random((AGENTS, ACTIONS)) < 0.3


@torch.inference_mode()
def decide(sampled):
    hidden = torch.from_numpy(observations)
    for weight, bias in layers[:-1]:
        hidden = torch.baddbmm(bias, hidden, weight).tanh_()
    weight, bias = layers[-1]
    logits = torch.baddbmm(bias, hidden, weight).squeeze(1).masked_fill_(torch.from_numpy(illegal), -torch.inf)
    if sampled:
        return torch.multinomial(logits.softmax(-1), 1).squeeze(1).tolist()
    return logits.argmax(-1).tolist()


def measure(mode):
    def work():
        for _ in range(DECISIONS):
            decide(mode == "sampled")

    work()
    return 1e6 * turns.seconds_per_call(work) / DECISIONS


turns.answer(measure)
