#!/usr/bin/env bash
# Builds the programs of a Kubernetes cluster into a folder that KUBEBUILDER_ASSETS can name, and prints the folder.
#
#   karma-testbed/control-plane/build.sh [FOLDER]
#
# FOLDER is by default the user's cache folder; it is built once for each state of this directory. Needs Go 1.26.
# From empty caches about 20 CPU minutes and 2 GB of memory; then nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

programs=(etcd kube-apiserver kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics-server)
release=$(sed -n 's|^\tk8s.io/kubernetes \(v[0-9.]*\)$|\1|p' go.mod)
state=$(cat go.mod go.sum main.go build.sh | sha256sum | cut -c1-12)
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/karma/control-plane-$release-$state}

if [ ! -x "$folder/control-plane" ]; then
    command -v go >/dev/null || { echo "Go 1.26 is needed to build Kubernetes $release: https://go.dev/dl" >&2; exit 1; }
    mkdir -p "$folder"
    building=$(mktemp -d "$folder/building.XXXXXX")
    trap 'rm -rf "$building"' EXIT
    version=k8s.io/component-base/version
    IFS=. read -r major minor _ <<<"${release#v}"
    CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -o "$building/control-plane" -ldflags "-s -w \
        -X $version.gitVersion=$release -X $version.gitMajor=$major -X $version.gitMinor=$minor" . >&2
    for program in "${programs[@]}"; do ln -sfn control-plane "$folder/$program"; done
    mv "$building/control-plane" "$folder/control-plane"
fi
echo "$folder"
