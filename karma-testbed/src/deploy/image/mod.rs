//! A container image without Docker: one static program in one layer, as an archive that runtimes import.
//!
//! The archive is an OCI image layout (image-spec 1.1: `oci-layout`, `index.json`, `blobs/sha256/…`) with the
//! `manifest.json` of `docker save` beside it, so `ctr images import`, `kind load image-archive` and `docker load`
//! take the same file.
//!
//! ```text
//! index.json ─▶ manifest ─▶ config (user, entry point, platform)
//!                       └─▶ layer, gzip: the program, /etc/passwd, /etc/group, /tmp
//! ```
//!
//! **Deterministic.** No clock, no user and no path of the builder enters: equal programs give equal archives. The
//! config's digest, which runtimes call the image's id, does not even depend on the compressor.

mod archive;
mod content;
mod elf;
mod layer;
mod settings;

use std::io::Write;

use sha2::{Digest as _, Sha256};

use super::reference::{Reference, ReferenceError};

pub use content::Content;
pub use elf::{Architecture, ElfError};

/// Why no image can be made.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The program cannot run alone in an empty image.
    #[error(transparent)]
    Program(#[from] ElfError),
    /// The image's name is none.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// An image is named by its archive; a digest follows from its content.
    #[error("the image {0} is named by a digest; name it by a tag, such as {example}", example = super::DEFAULT_IMAGE)]
    Digest(Reference),
    /// Writing failed.
    #[error("the image cannot be written")]
    Write(#[from] std::io::Error),
}

/// An image, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    reference: Reference,
    architecture: Architecture,
    layer: Blob,
    config: Blob,
    manifest: Blob,
}

impl Image {
    /// The image of `content` that runs `program` with `arguments`, called `reference`.
    ///
    /// The whole program and its compressed layer are in memory. Cost: that of compressing it once.
    ///
    /// # Errors
    /// If the program is no static Linux program for x86-64 or 64-bit ARM, or the reference is malformed.
    pub fn of(
        content: &Content,
        program: &[u8],
        reference: &str,
        arguments: &[String],
    ) -> Result<Self, ImageError> {
        let architecture = elf::architecture(program)?;
        let reference = Reference::read(reference)?;
        if reference.digest().is_some() {
            return Err(ImageError::Digest(reference));
        }
        let layer = layer::layer(content, program)?;
        let config = settings::Config { content, architecture, files: &layer.content_digest, arguments };
        let config = Blob::of(config.bytes(&reference));
        let manifest = Blob::of(settings::manifest(&config, &layer.blob));
        Ok(Self { reference, architecture, layer: layer.blob, config, manifest })
    }

    /// What the image is called.
    pub const fn reference(&self) -> &Reference {
        &self.reference
    }

    /// What it runs on.
    pub const fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The image's id, `sha256:…`: digest of its config, as `docker images --no-trunc` shows it.
    pub fn id(&self) -> String {
        self.config.digest()
    }

    /// Digest of its manifest, as a registry would name it.
    pub fn manifest_digest(&self) -> String {
        self.manifest.digest()
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write(&self, to: impl Write) -> Result<(), ImageError> {
        Ok(archive::write(self, to)?)
    }
}

/// Some bytes that are found by their digest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Blob {
    bytes: Vec<u8>,
    hex: String,
}

impl Blob {
    fn of(bytes: Vec<u8>) -> Self {
        Self { hex: hex_digest(&bytes), bytes }
    }

    fn digest(&self) -> String {
        format!("sha256:{}", self.hex)
    }

    /// Its place in the layout.
    fn path(&self) -> String {
        format!("blobs/sha256/{}", self.hex)
    }
}

fn hex_digest(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
