"""The services as text and as a picture, from what an onlooker sees."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Metric, heading, factor and digits after the point.
COLUMNS = (
    ("desired_replicas", "desired", 1, 0),
    ("pods_healthy", "ready", 1, 0),
    ("pods_failed", "failed", 1, 0),
    ("cpu_utilization", "CPU %", 100, 0),
    ("pending_requests", "queued", 1, 0),
    ("request_rate", "req/s", 1, 1),
    ("error_rate", "errors %", 100, 1),
    ("latency_mean", "latency ms", 1000, 0),
)
# Metric, value that fills a bar, colour.
BARS = (
    ("pods_healthy", 10.0, (46, 134, 193)),
    ("cpu_utilization", 1.0, (243, 156, 18)),
    ("pending_requests", 100.0, (142, 68, 173)),
    ("error_rate", 1.0, (192, 57, 43)),
)
BAR, GAP, HEIGHT = 12, 4, 96
GROUND, EMPTY = (255, 255, 255), (236, 240, 241)


def text(services: list[str], metrics: list[str], look: Any, rewards: dict[str, float]) -> str:
    """A line for each service; "-" where nothing was measured."""
    time, age, values = look
    width = max(map(len, services))
    heads = [head for _, head, _, _ in COLUMNS]
    lines = [f"{time:.0f} s, samples {'missing' if age is None else f'{age:.1f} s old'}"]
    lines.append(" ".join([" " * width, *heads]))
    for service, row in zip(services, values, strict=True):
        cells = [
            _cell(row[metrics.index(metric)] * factor, digits).rjust(len(head))
            for metric, head, factor, digits in COLUMNS
        ]
        lines.append(" ".join([service.ljust(width), *cells]))
    lines.append("rewards: " + ", ".join(f"{agent} {reward:+.3f}" for agent, reward in rewards.items()))
    return "\n".join(lines)


def picture(metrics: list[str], look: Any) -> NDArray[np.uint8]:
    """Four bars for each service, from left to right: ready pods (of 10), CPU, queued requests (of 100), share of errors."""
    _, _, values = look
    group = len(BARS) * BAR + GAP
    image = np.full((HEIGHT, len(values) * group + GAP, 3), GROUND, np.uint8)
    for service, row in enumerate(values):
        for bar, (metric, full, colour) in enumerate(BARS):
            left = GAP + service * group + bar * BAR
            value = row[metrics.index(metric)]
            share = 0.0 if math.isnan(value) else min(max(value / full, 0.0), 1.0)
            image[:, left : left + BAR - 1] = EMPTY
            image[HEIGHT - round(share * HEIGHT) :, left : left + BAR - 1] = colour
    return image


def _cell(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"
