#!/usr/bin/env bash
# Builds Helm into a folder and prints the path of the program.
#
#   deploy/helm/build.sh [FOLDER]
#
# FOLDER is by default the user's cache folder; it is built once for each state of this directory. Needs Go 1.26.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

release=$(sed -n 's|^\thelm.sh/helm/v4 \(v[0-9.]*\)\( // indirect\)\?$|\1|p' go.mod)
state=$(cat go.mod go.sum build.sh | sha256sum | cut -c1-12)
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/karma/helm-$release-$state}

if [ ! -x "$folder/helm" ]; then
    command -v go >/dev/null || { echo "Go 1.26 is needed to build Helm $release: https://go.dev/dl" >&2; exit 1; }
    mkdir -p "$folder"
    building=$(mktemp -d "$folder/building.XXXXXX")
    trap 'rm -rf "$building"' EXIT
    CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -o "$building/helm" -ldflags "-s -w \
        -X helm.sh/helm/v4/internal/version.version=$release" helm.sh/helm/v4/cmd/helm >&2
    mv "$building/helm" "$folder/helm"
fi
echo "$folder/helm"
