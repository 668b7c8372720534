#!/usr/bin/env bash
# The load generator beside wrk and hey, on a server of constant delay and on one that stalls:
#
#     benches/peers/load.sh [SECONDS]
#
# takes about eight times SECONDS (default 10). wrk and hey are left out where they are not installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in wrk hey; do
    command -v "$tool" > /dev/null || echo "$tool is not installed; the comparison goes on without it" >&2
done
cargo bench --quiet --package karma-benches --bench load -- "${1:-10}"
