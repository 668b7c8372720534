#!/usr/bin/env bash
# The figures of docs/performance.md, section "Python", in one command:
#
#     karma-py/benches/run.sh [TWIN]
#
# TWIN is a fitted twin of chain4 (`karma-model fit`); without one its rows are left out. Builds the Rust loop with the very
# dependencies of the package, installs package and peers into FOLDER (default target/python), and lets all take turns.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${FOLDER:-target/python}
karma-py/install.sh "$folder"
"$folder/bin/pip" install --quiet mpe2==1.1.1
PYO3_BUILD_EXTENSION_MODULE=1 PYO3_PYTHON=$folder/bin/python \
    cargo build --release --locked --manifest-path karma-py/Cargo.toml --example rust_loop
twin=()
[ "$#" = 0 ] || twin=(--twin "$1")
"$folder/bin/python" karma-py/benches/speed.py \
    "${CARGO_TARGET_DIR:-karma-py/target}/release/examples/rust_loop" "${twin[@]}"
