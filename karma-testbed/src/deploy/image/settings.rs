//! The JSON documents of an image: config, manifest, index.

use serde_json::{Map, Value, json};

use super::{Architecture, Blob, Content, Image};
use crate::deploy::object::deployment::USER;
use crate::deploy::reference::Reference;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Images carry a date; this one says nothing of when it was built.
const EPOCH: &str = "1970-01-01T00:00:00Z";

/// What the config says.
pub(super) struct Config<'a> {
    pub(super) content: &'a Content,
    pub(super) architecture: Architecture,
    /// Digest of what the layer unpacks to.
    pub(super) files: &'a str,
    pub(super) arguments: &'a [String],
}

impl Config<'_> {
    pub(super) fn bytes(&self, reference: &Reference) -> Vec<u8> {
        let Content { name, description, ports } = self.content;
        let user = format!("{USER}:{USER}");
        let ports: Map<String, Value> = ports.iter().map(|port| (format!("{port}/tcp"), json!({}))).collect();
        bytes(&json!({
            "architecture": self.architecture.name(),
            "config": {
                "Cmd": self.arguments,
                "Entrypoint": [format!("/{name}")],
                "Env": ["PATH=/"],
                "ExposedPorts": ports,
                "Labels": {
                    "org.opencontainers.image.description": description,
                    "org.opencontainers.image.licenses": env!("CARGO_PKG_LICENSE"),
                    "org.opencontainers.image.title": name,
                    "org.opencontainers.image.version": reference.tag().unwrap_or(env!("CARGO_PKG_VERSION")),
                },
                "User": user,
                "WorkingDir": "/",
            },
            "created": EPOCH,
            "history": [{ "created": EPOCH, "created_by": "karma-lab image" }],
            "os": "linux",
            "rootfs": { "diff_ids": [self.files], "type": "layers" },
        }))
    }
}

pub(super) fn manifest(config: &Blob, layer: &Blob) -> Vec<u8> {
    bytes(&json!({
        "config": descriptor(CONFIG, config),
        "layers": [descriptor(LAYER, layer)],
        "mediaType": MANIFEST,
        "schemaVersion": 2,
    }))
}

/// `index.json`: names the image as containerd stores it, and by its bare tag as the image layout asks.
pub(super) fn index(image: &Image) -> Vec<u8> {
    let mut entry = descriptor(MANIFEST, &image.manifest);
    entry["annotations"] = json!({
        "io.containerd.image.name": image.reference.canonical(),
        "org.opencontainers.image.ref.name": image.reference.tag().unwrap_or("latest"),
    });
    entry["platform"] = json!({ "architecture": image.architecture.name(), "os": "linux" });
    bytes(&json!({ "manifests": [entry], "mediaType": INDEX, "schemaVersion": 2 }))
}

/// `manifest.json`: the same image as `docker save` describes it.
pub(super) fn docker_manifest(image: &Image) -> Vec<u8> {
    let tagged = image
        .reference
        .tag()
        .map_or_else(|| format!("{}:latest", image.reference), |_| image.reference.to_string());
    bytes(&json!([{
        "Config": image.config.path(),
        "Layers": [image.layer.path()],
        "RepoTags": [tagged],
    }]))
}

fn descriptor(kind: &str, blob: &Blob) -> Value {
    json!({ "digest": blob.digest(), "mediaType": kind, "size": blob.bytes.len() })
}

/// Keys are written above in the order in which a map sorts them, so the bytes are the same under any feature.
fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
