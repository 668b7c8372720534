"""Writes `golden.json`: what NumPy, SciPy, scikit-learn and dtaidistance make of a few small inputs.

    pip install numpy scipy scikit-learn dtaidistance
    python karma-analyze/tests/golden/generate.py

The inputs are drawn from a fixed seed and written beside the results, so that `tests/golden.rs` needs nothing else. No
two distances are equal, because of equally close pairs SciPy and we may take different ones.
"""

import json
import platform
from pathlib import Path

import dtaidistance
import numpy as np
import scipy
import sklearn
from dtaidistance import dtw, dtw_ndim
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist, squareform
from sklearn import cluster, manifold, metrics, mixture

rng = np.random.default_rng(20)


def numbers(array):
    return np.asarray(array).ravel().tolist()


def words():
    """Words over letters that are points in the plane."""
    letters = rng.normal(size=(6, 2)).astype(np.float32)
    lengths = [12, 12, 9, 15, 12, 7, 10, 12]
    return letters, [rng.integers(0, 6, length).tolist() for length in lengths]


def path_length(a, b):
    """Cost and length of the cheapest path, of equally cheap ones the shortest: a plain recursion over pairs."""
    best = np.full((len(a) + 1, len(b) + 1, 2), np.inf)
    best[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            before = min(tuple(best[i, j]), tuple(best[i, j + 1]), tuple(best[i + 1, j]))
            best[i + 1, j + 1] = before[0] + np.linalg.norm(a[i] - b[j]), before[1] + 1
    return best[-1, -1]


def warping():
    letters, drawn = words()
    points = [letters[word].astype(float) for word in drawn]
    pairs = [(i, j) for i in range(len(drawn)) for j in range(i + 1, len(drawn))]
    # dtaidistance: the cost of a pair is its Euclidean distance; a window w allows |i - j| < w + |n - m| on one side, so
    # bands are compared on words of one length.
    equal = [(i, j) for i, j in pairs if len(drawn[i]) == len(drawn[j])]
    inner = dict(inner_dist="euclidean")
    banded = {
        band: [dtw_ndim.distance(points[i], points[j], window=band + 1, **inner) for i, j in equal] for band in (1, 3)
    }
    lengths = [path_length(points[i], points[j]) for i, j in pairs]
    unbanded = [dtw_ndim.distance(points[i], points[j], **inner) for i, j in pairs]
    assert np.allclose(unbanded, [cost for cost, _ in lengths])
    series = [rng.normal(size=8).astype(np.float32) for _ in range(2)]
    return {
        "letters": numbers(letters),
        "words": drawn,
        "unbanded": unbanded,
        "by_path": [cost / steps for cost, steps in lengths],
        "banded": [{"band": band, "pairs": equal, "distances": found} for band, found in banded.items()],
        "series": [numbers(one) for one in series],
        "series_distance": dtw.distance(*[one.astype(float) for one in series], **inner),
    }


def linkages():
    places = rng.normal(size=(20, 3)) + 4 * rng.integers(0, 3, size=(20, 1))
    distances = pdist(places).astype(np.float32)
    found = []
    for name in ["single", "complete", "average", "weighted", "ward", "centroid", "median"]:
        tree = hierarchy.linkage(distances.astype(float), name)
        one = {"linkage": name, "merges": tree.tolist(), "leaves": hierarchy.leaves_list(tree).tolist()}
        if name not in ["centroid", "median"]:
            one["cophenetic"] = numbers(hierarchy.cophenet(tree))
            one["inconsistency"] = [hierarchy.inconsistent(tree, depth).tolist() for depth in (1, 2, 4)]
            one["into"] = [hierarchy.fcluster(tree, k, "maxclust").tolist() for k in range(1, 8)]
            middle = float((tree[-2, 2] + tree[-3, 2]) / 2)
            one["height"] = middle
            one["at_height"] = hierarchy.fcluster(tree, middle, "distance").tolist()
            one["by_inconsistency"] = [hierarchy.fcluster(tree, t, "inconsistent", 2).tolist() for t in (0.7, 0.9, 1.1)]
        found.append(one)
    return distances, {"distances": numbers(distances), "trees": found}


def silhouettes(distances):
    square = squareform(distances.astype(float))
    labels = rng.integers(0, 4, len(square))
    labels[0] = 4  # An item alone.
    return {
        "labels": labels.tolist(),
        "items": numbers(metrics.silhouette_samples(square, labels, metric="precomputed")),
        "mean": float(metrics.silhouette_score(square, labels, metric="precomputed")),
    }


def purity(found, classes):
    table = metrics.cluster.contingency_matrix(classes, found)
    return float(table.max(axis=0).sum() / table.sum())


def agreements():
    cases = [(rng.integers(0, k, 30), rng.integers(0, m, 30)) for k, m in [(2, 3), (5, 4), (1, 3), (1, 1)]]
    cases.append((np.arange(30), np.arange(30)))
    cases.append((cases[1][0], np.where(rng.random(30) < 0.8, cases[1][0], 0)))
    return [
        {
            "left": a.tolist(),
            "right": b.tolist(),
            "adjusted_rand": float(metrics.adjusted_rand_score(a, b)),
            "purity": purity(a, b),
        }
        for a, b in cases
    ]


def blobs():
    centres = np.array([[0, 0, 0], [9, 0, 3], [0, 8, -4]])
    sizes = [25, 15, 10]
    return np.concatenate([c + rng.normal(size=(n, 3)) @ rng.normal(size=(3, 3)) * 0.6 for c, n in zip(centres, sizes)])


def k_means():
    points, start = rng.normal(size=(30, 2)), rng.normal(size=(4, 2))
    given = cluster.KMeans(4, init=start, n_init=1, tol=0, algorithm="lloyd").fit(points)
    separated = blobs()
    best = cluster.KMeans(3, n_init=20, random_state=1, tol=0).fit(separated)
    return {
        "points": numbers(points),
        "start": numbers(start),
        "centroids": numbers(given.cluster_centers_),
        "labels": given.labels_.tolist(),
        "inertia": float(given.inertia_),
        "blobs": numbers(separated),
        "best_inertia": float(best.inertia_),
        "best_labels": best.labels_.tolist(),
    }


def gaussians(points):
    fitted = mixture.GaussianMixture(3, n_init=5, tol=1e-12, max_iter=1000, random_state=1).fit(points)
    order = np.argsort(-fitted.weights_)
    return {
        "weights": numbers(fitted.weights_[order]),
        "means": numbers(fitted.means_[order]),
        "covariances": [numbers(one) for one in fitted.covariances_[order]],
        "log_likelihood": float(fitted.score(points) * len(points)),
        "bic": float(fitted.bic(points)),
    }


def density(distances):
    square = squareform(distances.astype(float))
    # Neighbours are compared as float32 on both sides.
    cases = [(float(np.float32(radius)), items) for radius, items in [(1.2, 3), (1.8, 4), (2.5, 2), (0.1, 1)]]
    found = [cluster.DBSCAN(eps=r, min_samples=m, metric="precomputed").fit(square).labels_.tolist() for r, m in cases]
    return [{"radius": r, "min_items": m, "labels": labels} for (r, m), labels in zip(cases, found)]


def scaling(distances):
    """Eigenvalues by NumPy; scikit-learn has classical scaling since 1.8."""
    square = squareform(distances.astype(float))
    centre = np.eye(len(square)) - 1 / len(square)
    values, vectors = np.linalg.eigh(-centre @ square**2 @ centre / 2)
    places = vectors[:, [-1, -2]] * np.sqrt(values[[-1, -2]])
    if hasattr(manifold, "ClassicalMDS"):
        theirs = manifold.ClassicalMDS(2, metric="precomputed").fit_transform(square)
        assert np.allclose(pdist(theirs), pdist(places))
    return {
        "eigenvalues": numbers(values[[-1, -2]]),
        "share": float((values[-2:] ** 2).sum() / (values**2).sum()),
        "distances": numbers(pdist(places)),
        "stress": float(((pdist(places) - distances) ** 2).sum()),
    }


def main():
    distances, trees = linkages()
    means = k_means()
    golden = {
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
            "dtaidistance": dtaidistance.__version__,
        },
        "warping": warping(),
        "linkage": trees,
        "silhouette": silhouettes(distances),
        "agreement": agreements(),
        "k_means": means,
        "mixture": gaussians(np.array(means["blobs"]).reshape(-1, 3)),
        "dbscan": density(distances),
        "scaling": scaling(distances),
    }
    text = json.dumps(golden)
    Path(__file__).with_name("golden.json").write_text(text + "\n")
    print(golden["versions"], len(text), "bytes")


if __name__ == "__main__":
    main()
