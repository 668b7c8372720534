//! Keys and certificates of a cluster: made when it starts, thrown away with it.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use serde_json::json;

use super::network::{API_PORT, API_SERVICE, NODE, NODE_NAME};
use super::state::Layout;

/// Somebody with a certificate: file name, user, group, and what else it is called as a server.
struct Identity {
    file: &'static str,
    user: &'static str,
    group: Option<&'static str>,
    addresses: &'static [&'static str],
    names: &'static [&'static str],
}

const fn client(file: &'static str, user: &'static str, group: Option<&'static str>) -> Identity {
    Identity { file, user, group, addresses: &[], names: &[] }
}

/// The group that may do everything.
const MASTERS: Option<&str> = Some("system:masters");

const IDENTITIES: [Identity; 9] = [
    Identity {
        file: "apiserver",
        user: "kube-apiserver",
        group: None,
        addresses: &["127.0.0.1", NODE, API_SERVICE],
        names: &["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"],
    },
    client("admin", "karma-lab", MASTERS),
    client("controller-manager", "system:kube-controller-manager", None),
    client("scheduler", "system:kube-scheduler", None),
    client("proxy", "system:kube-proxy", None),
    client("front-proxy", "front-proxy", None),
    client("kubelet-client", "kube-apiserver-kubelet-client", MASTERS),
    Identity {
        file: "kubelet",
        user: "system:node:lab",
        group: Some("system:nodes"),
        addresses: &[NODE],
        names: &[NODE_NAME],
    },
    Identity { file: "metrics", user: "metrics-server", group: MASTERS, addresses: &[NODE], names: &[] },
];

/// Those who talk to the API server from inside.
const INSIDE: [&str; 5] = ["controller-manager", "scheduler", "proxy", "kubelet", "metrics"];

/// Writes all keys, certificates and the kubeconfigs; `port` leads to the API server from outside.
pub(super) fn write(layout: &Layout, port: u16) -> io::Result<()> {
    fs::create_dir_all(layout.file("pki"))?;
    let authority = authority().map_err(io::Error::other)?;
    write_file(&layout.pki("ca.crt"), authority.pem().as_bytes())?;
    for identity in &IDENTITIES {
        let (certificate, key) = issue(identity, &authority).map_err(io::Error::other)?;
        write_file(&layout.pki(&format!("{}.crt", identity.file)), certificate.as_bytes())?;
        write_file(&layout.pki(&format!("{}.key", identity.file)), key.as_bytes())?;
    }
    let accounts = KeyPair::generate().map_err(io::Error::other)?;
    write_file(&layout.pki("accounts.key"), accounts.serialize_pem().as_bytes())?;
    write_file(&layout.pki("accounts.pub"), accounts.public_key_pem().as_bytes())?;
    for name in INSIDE {
        kubeconfig(layout, name, API_PORT, &layout.pki(&format!("{name}.kubeconfig")))?;
    }
    kubeconfig(layout, "inside", API_PORT, &layout.pki("inside.kubeconfig"))?;
    kubeconfig(layout, "admin", port, &layout.kubeconfig())
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "karma-lab");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

/// A certificate and its key as PEM.
fn issue(
    identity: &Identity,
    authority: &CertifiedIssuer<'static, KeyPair>,
) -> Result<(String, String), rcgen::Error> {
    let mut params =
        CertificateParams::new(identity.names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
    let addresses = identity.addresses.iter().filter_map(|address| address.parse::<IpAddr>().ok());
    params.subject_alt_names.extend(addresses.map(SanType::IpAddress));
    params.distinguished_name.push(DnType::CommonName, identity.user);
    if let Some(group) = identity.group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, authority)?.pem(), key.serialize_pem()))
}

/// `name` is who speaks; "inside" is the administrator, from inside.
fn kubeconfig(layout: &Layout, name: &str, port: u16, file: &Path) -> io::Result<()> {
    let who = if name == "inside" { "admin" } else { name };
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "karma-lab", "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            "certificate-authority": layout.pki("ca.crt"),
        }}],
        "users": [{ "name": who, "user": {
            "client-certificate": layout.pki(&format!("{who}.crt")),
            "client-key": layout.pki(&format!("{who}.key")),
        }}],
        "contexts": [{ "name": "karma-lab", "context": { "cluster": "karma-lab", "user": who } }],
        "current-context": "karma-lab",
    });
    write_file(file, &serde_json::to_vec_pretty(&config)?)
}

/// Keys are nobody else's.
fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::options().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_nobody_elses_and_the_kubeconfig_names_the_port() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path(), "a");
        fs::create_dir(layout.root()).unwrap();
        write(&layout, 4711).unwrap();
        for identity in &IDENTITIES {
            let key = layout.pki(&format!("{}.key", identity.file));
            assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600, "{}", key.display());
        }
        assert!(fs::read_to_string(layout.kubeconfig()).unwrap().contains("https://127.0.0.1:4711"));
        assert!(fs::read_to_string(layout.pki("accounts.pub")).unwrap().contains("PUBLIC KEY"));
    }
}
