//! The same numbers as NumPy, SciPy, scikit-learn and dtaidistance, whose results `golden/generate.py` wrote down.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

use karma_analyze::agreement::{adjusted_rand_index, purity};
use karma_analyze::cluster::{
    DbscanParams, KMeansParams, Linkage, MixtureParams, Partition, Points, dbscan, kmeans, kmeans_from,
    linkage, mixture, silhouette,
};
use karma_analyze::distance::{Normalization, Series, Warping, WarpingParams};
use karma_analyze::embedding::embed;
use karma_analyze::{Alphabet, DistanceMatrix};
use karma_core::SeedTree;
use serde_json::Value;

/// Relative tolerance of what is computed in `f64`.
const TIGHT: f64 = 1e-6;
/// Relative tolerance of what is computed in `f32`.
const SINGLE: f64 = 1e-5;

fn golden(part: &str) -> Value {
    let mut all: Value = serde_json::from_str(include_str!("golden/golden.json")).unwrap();
    all[part].take()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn close(ours: f64, theirs: f64, tolerance: f64) {
    assert!((ours - theirs).abs() <= tolerance * theirs.abs().max(1.0), "{ours} is not {theirs}");
}

fn all_close(ours: &[f64], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        close(*ours, *theirs, tolerance);
    }
}

fn partition(labels: &Value) -> Partition {
    Partition::of_labels(read::<Vec<i64>>(labels))
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

fn distances() -> DistanceMatrix {
    let condensed: Vec<f32> = read(&golden("linkage")["distances"]);
    let mut next = condensed.into_iter();
    DistanceMatrix::from_fn(20, |_, _| next.next().unwrap())
}

fn points(value: &Value, dimensions: usize) -> Points {
    Points::new(read(value), dimensions).unwrap()
}

fn warping(band: Option<u32>, normalization: Normalization) -> Warping {
    WarpingParams { band, normalization }.check().unwrap()
}

#[test]
fn words_and_series_are_as_far_as_dtaidistance_says() {
    let golden = golden("warping");
    let alphabet = Alphabet::of_points(&read::<Vec<f32>>(&golden["letters"]), 2);
    let words: Vec<Vec<u32>> = read(&golden["words"]);
    let all = |warping: Warping| {
        let matrix =
            DistanceMatrix::from_fn(words.len(), |i, j| warping.distance(&words[i], &words[j], &alphabet));
        wide(matrix.as_slice())
    };
    all_close(&all(warping(None, Normalization::None)), &read::<Vec<f64>>(&golden["unbanded"]), SINGLE);
    all_close(&all(warping(None, Normalization::Path)), &read::<Vec<f64>>(&golden["by_path"]), SINGLE);
    for banded in golden["banded"].as_array().unwrap() {
        let warping = warping(Some(read(&banded["band"])), Normalization::None);
        let pairs = read::<Vec<(usize, usize)>>(&banded["pairs"]).into_iter();
        let ours = pairs.map(|(i, j)| f64::from(warping.distance(&words[i], &words[j], &alphabet)));
        all_close(&ours.collect::<Vec<_>>(), &read::<Vec<f64>>(&banded["distances"]), SINGLE);
    }
    let mut series = Series::new(1);
    for one in read::<Vec<Vec<f32>>>(&golden["series"]) {
        series.push(&one).unwrap();
    }
    close(f64::from(series.distance(0, 1, &Warping::default())), read(&golden["series_distance"]), SINGLE);
}

#[test]
fn all_linkages_merge_in_the_order_and_at_the_heights_of_scipy() {
    for golden in golden("linkage")["trees"].as_array().unwrap() {
        let tree = linkage(&distances(), read::<Linkage>(&golden["linkage"])).unwrap();
        let merges: Vec<[f64; 4]> = read(&golden["merges"]);
        assert_eq!(tree.merges().len(), merges.len());
        for (ours, [left, right, height, size]) in tree.merges().iter().zip(merges) {
            assert_eq!(
                [ours.left as f64, ours.right as f64, ours.size as f64],
                [left, right, size],
                "{golden}"
            );
            close(f64::from(ours.height), height, SINGLE);
        }
        assert_eq!(tree.leaves(), read::<Vec<usize>>(&golden["leaves"]));
    }
}

#[test]
fn cuts_inconsistencies_and_cophenetic_distances_are_those_of_scipy() {
    for golden in golden("linkage")["trees"].as_array().unwrap().iter().filter(|one| one["into"].is_array()) {
        let tree = linkage(&distances(), read::<Linkage>(&golden["linkage"])).unwrap();
        all_close(&wide(tree.cophenetic().as_slice()), &read::<Vec<f64>>(&golden["cophenetic"]), SINGLE);
        for (depth, rows) in [1, 2, 4].into_iter().zip(read::<Vec<Vec<[f64; 4]>>>(&golden["inconsistency"])) {
            for (ours, theirs) in tree.inconsistency(depth).unwrap().iter().zip(rows) {
                let ours = [ours.mean, ours.std, ours.count as f64, ours.coefficient];
                all_close(&ours, &theirs, 10.0 * SINGLE);
            }
        }
        for (groups, labels) in (1..).zip(golden["into"].as_array().unwrap()) {
            assert_eq!(tree.cut_into(groups).unwrap(), partition(labels));
        }
        assert_eq!(tree.cut_at(read(&golden["height"])), partition(&golden["at_height"]));
        for (threshold, labels) in
            [0.7, 0.9, 1.1].into_iter().zip(golden["by_inconsistency"].as_array().unwrap())
        {
            assert_eq!(tree.cut_by_inconsistency(threshold, 2).unwrap(), partition(labels));
        }
    }
}

#[test]
fn silhouettes_are_those_of_scikit_learn() {
    let golden = golden("silhouette");
    let found = silhouette(&distances(), &partition(&golden["labels"])).unwrap();
    all_close(&found.items, &read::<Vec<f64>>(&golden["items"]), TIGHT);
    close(found.mean, read(&golden["mean"]), TIGHT);
}

#[test]
fn partitions_agree_as_scikit_learn_says() {
    for golden in golden("agreement").as_array().unwrap() {
        let (left, right) = (partition(&golden["left"]), partition(&golden["right"]));
        close(adjusted_rand_index(&left, &right).unwrap(), read(&golden["adjusted_rand"]), TIGHT);
        close(purity(&left, &right).unwrap(), read(&golden["purity"]), TIGHT);
    }
}

#[test]
fn k_means_from_given_centroids_ends_where_scikit_learn_does() {
    let golden = golden("k_means");
    let config = KMeansParams::default().check().unwrap();
    let found = kmeans_from(&points(&golden["points"], 2), &points(&golden["start"], 2), &config).unwrap();
    all_close(found.centroids.values(), &read::<Vec<f64>>(&golden["centroids"]), TIGHT);
    assert_eq!(found.labels, read::<Vec<usize>>(&golden["labels"]));
    close(found.inertia, read(&golden["inertia"]), TIGHT);
}

#[test]
fn k_means_of_separated_blobs_finds_the_best_inertia_of_scikit_learn() {
    let golden = golden("k_means");
    let config = KMeansParams { groups: 3, ..KMeansParams::default() }.check().unwrap();
    let found = kmeans(&points(&golden["blobs"], 3), &config, SeedTree::new(7)).unwrap();
    close(found.inertia, read(&golden["best_inertia"]), TIGHT);
    assert_eq!(Partition::of_labels(found.labels), partition(&golden["best_labels"]));
}

#[test]
fn the_mixture_of_separated_blobs_is_that_of_scikit_learn() {
    let golden = golden("mixture");
    let config = MixtureParams { groups: 3, tolerance: 1e-12, ..MixtureParams::default() }.check().unwrap();
    let found = mixture(&points(&self::golden("k_means")["blobs"], 3), &config, SeedTree::new(7)).unwrap();
    all_close(&found.weights, &read::<Vec<f64>>(&golden["weights"]), TIGHT);
    all_close(found.means.values(), &read::<Vec<f64>>(&golden["means"]), TIGHT);
    for (ours, theirs) in found.covariances.iter().zip(read::<Vec<Vec<f64>>>(&golden["covariances"])) {
        all_close(ours, &theirs, TIGHT);
    }
    close(found.log_likelihood, read(&golden["log_likelihood"]), TIGHT);
    close(found.bic, read(&golden["bic"]), TIGHT);
}

#[test]
fn dense_groups_and_noise_are_those_of_scikit_learn() {
    for golden in golden("dbscan").as_array().unwrap() {
        let config = DbscanParams { radius: read(&golden["radius"]), min_items: read(&golden["min_items"]) };
        let ours = dbscan(&distances(), &config.check().unwrap());
        let theirs = read::<Vec<i64>>(&golden["labels"]).into_iter().map(|label| usize::try_from(label).ok());
        assert_eq!(ours, theirs.collect::<Vec<_>>());
    }
}

#[test]
fn the_map_has_the_eigenvalues_and_the_stress_of_numpy_and_scikit_learn() {
    let (golden, distances) = (golden("scaling"), distances());
    let map = embed(&distances).unwrap();
    all_close(&map.eigenvalues, &read::<Vec<f64>>(&golden["eigenvalues"]), TIGHT);
    close(map.share, read(&golden["share"]), TIGHT);
    let apart = |(i, j): (usize, usize)| {
        let [a, b] = [map.places[i], map.places[j]];
        (a[0] - b[0]).hypot(a[1] - b[1])
    };
    let pairs = (0..20).flat_map(|i| (i + 1..20).map(move |j| (i, j)));
    let ours: Vec<f64> = pairs.map(apart).collect();
    all_close(&ours, &read::<Vec<f64>>(&golden["distances"]), TIGHT);
    let stress: f64 = ours.iter().zip(wide(distances.as_slice())).map(|(a, b)| (a - b).powi(2)).sum();
    close(stress, read(&golden["stress"]), TIGHT);
}
