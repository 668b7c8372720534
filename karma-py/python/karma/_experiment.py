"""Settings by keyword, as `karma-train` has them by flag."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from karma._karma import Experiment

BACKENDS = ("cluster", "twin")


def experiment(
    topology: str | os.PathLike[str] | None = None,
    *,
    workload: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    scenario: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] | None = None,
    org: str | os.PathLike[str] | None = None,
    hardness: float | None = None,
    shield: bool | None = None,
    attacker: bool | Mapping[str, Any] | None = None,
    backend: str | None = None,
    twin: str | os.PathLike[str] | None = None,
    seeds: int | None = None,
    settings: Mapping[str, Any] | None = None,
    config: str | os.PathLike[str] | None = None,
) -> Experiment:
    """Checked settings, from which environments and evaluations are made. What is left out is as in `karma-train`.

    topology: a name such as "chain4" or "mesh:20:7", or the path of a topology.json.
    workload: a name such as "worldcup98", the path of a CSV file, or a mapping with a "kind".
    scenario: one scenario or several: names such as "ddos" or "ddos:4", or mappings. Default: the whole suite.
    org: "karma", "soft", "none", or the path of a specification.
    hardness: 0 (rewards only) to 1 (masks), for every role.
    shield: whether the safety shield stands between policies and cluster.
    attacker: an agent more, who attacks; a mapping sets its limits. Not in evaluation.
    backend: "cluster", the simulated cluster, or "twin", a fitted twin of it, which `twin` names.
    seeds: evaluation episodes of each scenario.
    settings: any further settings by their names in a configuration file, tables as mappings.
    config: a configuration file, over which all of the above is laid.

    Raises ValueError for what is out of its range, with the setting, its value and what is allowed.
    """
    given: dict[str, Any] = {}
    _put(given, "topology", _text(topology))
    _put(given, "workload", _text(workload))
    _put(given, "scenarios", None if scenario is None else _list(scenario))
    _put(given, "organization", _text(org))
    _put(given, "hardness", hardness)
    _put(given, "shield", shield)
    if attacker is not None:
        given["attacker"] = ({} if attacker else None) if isinstance(attacker, bool) else attacker
    _put(given, "evaluation", None if seeds is None else {"seeds": seeds})
    if backend is not None or twin is not None:
        given["twin"] = _twin(backend, twin)
    try:
        text = json.dumps(_laid_over(given, settings or {}))
    except TypeError as error:
        raise TypeError(f"a setting is neither text, number, list nor mapping: {error}") from None
    return Experiment(text, config)


def _twin(backend: str | None, twin: str | os.PathLike[str] | None) -> str | None:
    if backend is not None and backend not in BACKENDS:
        raise ValueError(f"backend is {backend!r}; allowed: {', '.join(map(repr, BACKENDS))}")
    if backend == "twin" and twin is None:
        raise ValueError('backend="twin" needs twin, the path of a fitted twin')
    if backend == "cluster" and twin is not None:
        raise ValueError('twin is given, but backend="cluster" plays the simulated cluster; leave one of them out')
    return None if twin is None else os.fspath(twin)


def _put(settings: dict[str, Any], name: str, value: Any) -> None:
    if value is not None:
        settings[name] = value


def _text(value: Any) -> Any:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _list(scenario: Any) -> list[Any]:
    return [scenario] if isinstance(scenario, (str, Mapping)) else list(scenario)


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    laid = dict(under)
    for name, value in over.items():
        both = isinstance(value, Mapping) and isinstance(laid.get(name), Mapping)
        laid[name] = _laid_over(laid[name], value) if both else value
    return laid
