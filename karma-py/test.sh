#!/usr/bin/env bash
# The tests of the Python package that install.sh has installed, and of its types:
#
#     karma-py/test.sh [FOLDER]        # default target/python; further arguments go to pytest
#
# KARMA_RUN names a finished run of karma-train and KARMA_TWIN a fitted twin of chain4; without them a short run is trained
# and a small twin fitted (which builds karma-model).
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath "${1:-target/python}")
[ "$#" = 0 ] || shift
cd karma-py
"$folder/bin/python" -m mypy.stubtest karma._karma
"$folder/bin/python" -m mypy --package karma
"$folder/bin/python" -m pytest "$@"
