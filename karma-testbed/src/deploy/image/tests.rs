//! Reads archives back.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::Value;
use tar::Archive;

use super::elf::tiny;
use super::*;

/// The id of the image of [`tiny`]: changes only if what an image is changes.
const ID: &str = "sha256:ab2a8e19a4f3adf45a7530f9c4f41f6cd588b70921c47162fc49347ccb87ded7";

fn image() -> Image {
    Image::of(&Content::SERVICE, &tiny(62, 1), "karma.dev/karma-service:golden", &[]).unwrap()
}

fn entries(bytes: &[u8]) -> BTreeMap<String, (u32, u64, Vec<u8>)> {
    let mut archive = Archive::new(bytes);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let (mode, time) = (entry.header().mode().unwrap(), entry.header().mtime().unwrap());
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (path, (mode, time, content))
    };
    archive.entries().unwrap().map(read).collect()
}

fn written(image: &Image) -> BTreeMap<String, (u32, u64, Vec<u8>)> {
    let mut bytes = Vec::new();
    image.write(&mut bytes).unwrap();
    entries(&bytes)
}

fn json(archive: &BTreeMap<String, (u32, u64, Vec<u8>)>, path: &str) -> Value {
    serde_json::from_slice(&archive[path].2).unwrap()
}

/// The blob that a descriptor points at, once its digest and size were found to be right.
fn follow(archive: &BTreeMap<String, (u32, u64, Vec<u8>)>, descriptor: &Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    let bytes = archive[&format!("blobs/sha256/{digest}")].2.clone();
    assert_eq!(hex_digest(&bytes), digest);
    assert_eq!(descriptor["size"], bytes.len());
    bytes
}

#[test]
fn an_image_layout_leads_from_its_index_to_the_program() {
    let archive = written(&image());
    assert_eq!(json(&archive, "oci-layout")["imageLayoutVersion"], "1.0.0");
    let index = json(&archive, "index.json");
    let manifest: Value = serde_json::from_slice(&follow(&archive, &index["manifests"][0])).unwrap();
    let config: Value = serde_json::from_slice(&follow(&archive, &manifest["config"])).unwrap();
    let mut layer = Vec::new();
    GzDecoder::new(&follow(&archive, &manifest["layers"][0])[..]).read_to_end(&mut layer).unwrap();
    assert_eq!(config["rootfs"]["diff_ids"][0], format!("sha256:{}", hex_digest(&layer)));
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["Entrypoint"][0], "/karma-service");

    let files = entries(&layer);
    assert_eq!(files["karma-service"], (0o555, 0, tiny(62, 1)));
    assert_eq!(files["tmp/"].0, 0o1777);
    assert!(String::from_utf8_lossy(&files["etc/passwd"].2).contains("nonroot:x:65532:65532"));
}

#[test]
fn the_controller_has_an_image_of_its_own() {
    let image =
        Image::of(&Content::CONTROLLER, &tiny(62, 1), "karma.dev/karma-transfer:golden", &[]).unwrap();
    let archive = written(&image);
    let index = json(&archive, "index.json");
    let manifest: Value = serde_json::from_slice(&follow(&archive, &index["manifests"][0])).unwrap();
    let config: Value = serde_json::from_slice(&follow(&archive, &manifest["config"])).unwrap();
    assert_eq!(config["config"]["Entrypoint"], serde_json::json!(["/karma-transfer"]));
    assert_eq!(config["config"]["ExposedPorts"], serde_json::json!({ "8080/tcp": {} }));
    assert_eq!(config["config"]["User"], "65532:65532");
    let mut layer = Vec::new();
    GzDecoder::new(&follow(&archive, &manifest["layers"][0])[..]).read_to_end(&mut layer).unwrap();
    assert_eq!(entries(&layer)["karma-transfer"], (0o555, 0, tiny(62, 1)));
}

#[test]
fn docker_finds_the_same_blobs() {
    let archive = written(&image());
    let saved = &json(&archive, "manifest.json")[0];
    assert_eq!(saved["RepoTags"][0], "karma.dev/karma-service:golden");
    for path in [&saved["Config"], &saved["Layers"][0]] {
        assert!(archive.contains_key(path.as_str().unwrap()));
    }
}

#[test]
fn containerd_is_told_the_whole_name() {
    let short = Image::of(&Content::SERVICE, &tiny(62, 1), "mock", &[]).unwrap();
    let archive = written(&short);
    let annotations = &json(&archive, "index.json")["manifests"][0]["annotations"];
    assert_eq!(annotations["io.containerd.image.name"], "docker.io/library/mock:latest");
    assert_eq!(json(&archive, "manifest.json")[0]["RepoTags"][0], "mock:latest");
}

#[test]
fn the_same_program_gives_the_same_archive_and_another_another_id() {
    let (mut one, mut two) = (Vec::new(), Vec::new());
    image().write(&mut one).unwrap();
    image().write(&mut two).unwrap();
    assert!(one == two);
    let other = Image::of(&Content::SERVICE, &tiny(183, 1), "karma.dev/karma-service:golden", &[]).unwrap();
    assert_ne!(other.id(), image().id());
}

#[test]
fn the_id_of_a_tiny_image_is_known() {
    assert_eq!(image().id(), ID);
}

#[test]
fn an_image_is_named_by_a_tag() {
    let digest = format!("a@sha256:{}", "0".repeat(64));
    assert!(matches!(Image::of(&Content::SERVICE, &tiny(62, 1), &digest, &[]), Err(ImageError::Digest(_))));
    assert!(matches!(Image::of(&Content::SERVICE, &tiny(62, 1), "A", &[]), Err(ImageError::Reference(_))));
    assert!(matches!(
        Image::of(&Content::SERVICE, b"", "a", &[]),
        Err(ImageError::Program(ElfError::NoProgram))
    ));
}
