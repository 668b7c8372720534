"""Environments, a trained team and a twin, for all tests."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import karma

ROOT = Path(__file__).resolve().parents[2]

# Every kind of game: topologies, scenarios, organisations, with and without shield and attacker.
CLUSTERS = {
    "chain4": {},
    "diamond-ddos-none": {"topology": "diamond", "scenario": "ddos", "org": "none"},
    "chain2-failures-bare": {"topology": "chain:2", "scenario": ["failures", "mixed"], "shield": False},
    "chain4-attacker": {"scenario": "nominal", "attacker": True, "org": "soft"},
    "online-boutique-mixed": {"topology": "online-boutique", "scenario": "mixed"},
}
TWIN = "twin"


@pytest.fixture(scope="session")
def twin(tmp_path_factory):
    """A twin of chain4: the one that KARMA_TWIN names, or one that is fitted now."""
    if given := os.environ.get("KARMA_TWIN"):
        return Path(given)
    if shutil.which("cargo") is None:
        pytest.skip("no twin: KARMA_TWIN names none, and without cargo none can be fitted")
    folder = tmp_path_factory.mktemp("twin")
    model = ["cargo", "run", "--release", "--quiet", "--locked", "-p", "karma-model", "--"]
    traces = folder / "traces.db"
    for arguments in (
        ["collect", "--out", traces, "--episodes", "4", "--quiet"],
        ["fit", traces, "--out", folder / "twin"],
    ):
        subprocess.run([*model, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder / "twin"


@pytest.fixture(params=[*CLUSTERS, TWIN])
def settings(request):
    """The settings of one environment."""
    if request.param == TWIN:
        return {"backend": "twin", "twin": request.getfixturevalue("twin")}
    return CLUSTERS[request.param]


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A finished run: the one that KARMA_RUN names, or a very short one."""
    if given := os.environ.get("KARMA_RUN"):
        return Path(given)
    short = karma.experiment(scenario=["ddos", "failures"], seeds=2, settings={"budget": 1, "threads": 2})
    return karma.train(short, tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="session")
def team(run):
    return karma.load_team(run)
