"""Episodes are bit for bit those of Rust: `bins/karma/tests/golden_episodes.rs` holds itself to the same file."""

import json
from pathlib import Path

import pytest
from play import digest

import karma

CASES = json.loads(Path(__file__).with_name("golden.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_an_episode_is_that_of_rust_bit_for_bit(case):
    env = karma.env(settings=case["settings"], split=case["split"])
    assert digest(env, case["seed"]) == (case["digest"], case["steps"])


def test_another_seed_has_another_digest():
    case = CASES[0]
    env = karma.env(settings=case["settings"], split=case["split"])
    assert digest(env, case["seed"] + 1)[0] != case["digest"]
