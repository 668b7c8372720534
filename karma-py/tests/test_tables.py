"""Results, traces and trajectories for pandas and Arrow."""

from pathlib import Path

import numpy as np
import pyarrow

import karma

ROOT = Path(__file__).resolve().parents[2]


def test_episodes_are_columns_of_measures(run):
    results = karma.load_results(run)
    frame = karma.episodes(results).to_pandas()
    assert set(frame["policy"]) >= {"karma", "hpa", "static-max"}
    assert frame["success_rate"].between(0, 1).all() and frame["seed"].dtype == np.int64
    means = karma.summary(results).to_pandas()
    overall = means[(means.scenario == "all") & (means.measure == "pod_hours")].set_index("policy")
    assert (overall.low <= overall.estimate).all() and (overall.estimate <= overall.high).all()
    assert overall.estimate["static-max"] == overall.estimate.max()


def test_what_is_missing_is_null_in_arrow():
    table = karma.Table({"number": np.array([1.0, np.nan]), "text": ["a", None]}).to_arrow()
    assert table.column("number").null_count == table.column("text").null_count == 1
    assert table.schema.field("number").type == pyarrow.float64()


def test_traces_are_a_row_for_each_step_and_service():
    table = karma.read_traces(ROOT / "fuzz/seeds/traces_csv/small.csv").to_arrow()
    assert table.num_rows > 0 and {"service", "scenario"} <= set(table.column_names)


def test_trajectories_are_a_row_for_each_step(team):
    read = karma.read_trajectories(ROOT / "fuzz/seeds/trajectories/small.jsonl").to_pandas()
    assert (read.groupby("episode")["step"].diff().dropna() == 1).all()
    recorded = karma.record(team).to_pandas()
    assert recorded.groupby("episode").size().eq(40).all()
    assert recorded.groupby("episode")["truncated"].sum().eq(1).all()
    assert {f"action.{agent}" for agent in team.agents} <= set(recorded.columns)
    assert {f"{service}.pods_healthy" for service in team.experiment.services} <= set(recorded.columns)
