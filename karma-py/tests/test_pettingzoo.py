"""The field's own conformance tests, for every environment."""

import warnings
from types import SimpleNamespace

import pytest
from pettingzoo.test import api_test, max_cycles_test, parallel_api_test, parallel_seed_test, render_test, seed_test

import karma


# What the tests recommend and these games have otherwise: features without bounds, a dict that holds the mask, agents that
# are called by their roles, an attacker that sees and does other things than the defenders.
RECOMMENDED = (
    ".*(infinit|inf).*",
    "Observation is not a NumPy array",
    "Observation space for each agent probably should be",
    "We recommend agents to be named in the format",
    "Agents have different (observation|action) space sizes",
    "Observations are different shapes",
)


@pytest.fixture(autouse=True)
def _no_warning():
    """All else that the tests only warn of is an error here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for message in RECOMMENDED:
            warnings.filterwarnings("ignore", message=message)
        yield


def test_the_parallel_environment_passes_parallel_api_test(settings):
    parallel_api_test(karma.env(**settings), num_cycles=1000)


def test_the_agent_by_agent_form_passes_api_test(settings):
    api_test(karma.aec_env(**settings), num_cycles=200)


def test_seed_test_passes(settings):
    seed_test(lambda: karma.aec_env(**settings), num_cycles=60)
    parallel_seed_test(lambda: karma.env(**settings), num_cycles=60)


def test_max_cycles_test_passes(settings):
    # It wants the agent-by-agent form under the name `env`.
    def parallel(**given):
        return karma.env(**settings, **given)

    def by_turns(**given):
        return karma.aec_env(**settings, **given)

    max_cycles_test(SimpleNamespace(parallel_env=parallel, env=by_turns))


def test_render_test_passes(settings, capsys):
    render_test(lambda **given: karma.aec_env(**settings, **given))
    assert "samples" in capsys.readouterr().out
