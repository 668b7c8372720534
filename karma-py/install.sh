#!/usr/bin/env bash
# Builds the package and installs it, with what its tests need, into a virtual environment:
#
#     karma-py/install.sh [FOLDER]     # default target/python
#
# Needs a Rust toolchain, Python 3.11 or later with venv, and the Python package index. PYTHON names another interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-target/python}
[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --requirement karma-py/tests/requirements.txt
# Cargo does what there is to do; pip would take an earlier wheel of the same version for this one.
"$folder/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps ./karma-py
"$folder/bin/python" -c 'import karma; print("installed:", karma.__file__)'
