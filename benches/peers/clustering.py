"""Distances, linkage and the best cut of trajectories: what is common in Python, and our example, in one run.

    python benches/peers/clustering.py EXAMPLES [WORDS]

EXAMPLES is the folder with `cluster_scale`. The peers are dynamic time warping as it is usually written (costs by SciPy's
`cdist`, the recursion in Python, on a sample of pairs), dtaidistance's in C (all pairs, with its threads), SciPy's
`linkage`, and scikit-learn's `silhouette_score` of the cuts into 2 to 20 groups. Words are as many and as long as the
example's; their letters are random, which changes no work. Seconds of a clock, because threads are part of the question.
"""

import subprocess
import sys
import time

import numpy as np
from dtaidistance import dtw_ndim
from scipy.cluster import hierarchy
from scipy.spatial.distance import cdist, squareform
from sklearn.metrics import silhouette_score

STEPS, SERVICES, ALPHA, SAMPLE = 200, 4, 3, 40


def timed(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def words(count, rng):
    """Each letter changes one of four services by up to three replicas: a point."""
    drawn = np.zeros((count, STEPS, SERVICES))
    services = rng.integers(0, SERVICES, (count, STEPS, 1))
    np.put_along_axis(drawn, services, rng.integers(-ALPHA, ALPHA + 1, (count, STEPS, 1)), axis=2)
    return drawn


def warp(a, b):
    """The recursion as in many notebooks."""
    costs = cdist(a, b)
    best = np.full((len(a) + 1, len(b) + 1), np.inf)
    best[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            best[i + 1, j + 1] = costs[i, j] + min(best[i, j], best[i, j + 1], best[i + 1, j])
    return best[-1, -1]


def ours(examples, count):
    """Seconds of distances, linkage and best cut."""
    out = subprocess.run([f"{examples}/cluster_scale", str(count)], check=True, capture_output=True, text=True).stdout
    row = out.splitlines()[-1].split()
    return float(row[1]), float(row[3]), float(row[4])


def main():
    examples, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    drawn = words(count, np.random.default_rng(1))
    pairs = count * (count - 1) // 2
    few, _ = timed(lambda: [warp(drawn[i], drawn[i + 1]) for i in range(SAMPLE)])
    in_c, condensed = timed(
        lambda: dtw_ndim.distance_matrix_fast(list(drawn), inner_dist="euclidean", compact=True)
    )
    condensed = np.asarray(condensed)
    assert np.allclose(condensed[0], warp(drawn[0], drawn[1])), "both warp alike"
    linked, tree = timed(lambda: hierarchy.linkage(condensed, "average"))
    square = squareform(condensed)
    cuts = range(2, 21)

    def scores():
        labels = [hierarchy.fcluster(tree, k, "maxclust") for k in cuts]
        return [silhouette_score(square, one, metric="precomputed") for one in labels if len(set(one)) > 1]

    cut, _ = timed(scores)
    distances, our_linkage, our_cut = ours(examples, count)
    print(f"{count} words of {STEPS} letters, seconds")
    for what, peer, our in [
        (f"distances, recursion in Python (from {SAMPLE} of {pairs} pairs)", few / SAMPLE * pairs, distances),
        ("distances, dtaidistance in C", in_c, distances),
        ("average linkage, SciPy", linked, our_linkage),
        ("best of 19 cuts, scikit-learn", cut, our_cut),
    ]:
        print(f"{what:<62} {peer:>10.3f}   ours {our:>8.4f}   ratio {peer / our:>9.1f}")


if __name__ == "__main__":
    main()
