"""Results, traces and trajectories as tables: columns that pandas and Arrow take as they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from karma import _karma
from karma._karma import Results, Team

if TYPE_CHECKING:
    import pandas
    import pyarrow


class Table(dict[str, Any]):
    """Columns by name: NumPy arrays of numbers (NaN where there is none), lists of texts (None where there is none)."""

    def to_pandas(self) -> pandas.DataFrame:
        import pandas

        return pandas.DataFrame(dict(self))

    def to_arrow(self) -> pyarrow.Table:
        """Missing numbers are null there."""
        import pyarrow

        return pyarrow.table({name: pyarrow.array(column, from_pandas=True) for name, column in self.items()})


def episodes(results: Results) -> Table:
    """A row for each policy, scenario and seed: every measure of the episode."""
    return Table(results.episodes())


def summary(results: Results) -> Table:
    """A row for each policy, scenario ("all" for all of them) and measure: interquartile mean and interval."""
    return Table(results.summary())


def read_traces(path: str | os.PathLike[str]) -> Table:
    """The traces in a file of SQLite, CSV or Parquet, as `karma-model` keeps them: a row for each step and service."""
    return Table(_karma.read_traces(path))


def read_trajectories(path: str | os.PathLike[str]) -> Table:
    """The trajectories in a file of `karma-explain`: a row for each step of each episode."""
    return Table(_karma.read_trajectories(path))


def record(team: Team, episodes: int = 1) -> Table:
    """Plays so many calibration episodes of each scenario of a team's run: a row for each step of each episode."""
    return Table(team.record(episodes))
