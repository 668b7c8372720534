#!/usr/bin/env bash
# explore.sh NAMESPACE DEPLOYMENT...: sets replicas of one to four, drawn anew for about half of the Deployments every 15 s, the same
# course each time. An autoscaler changes little, and what a change does cannot be learned from what never changed: this is for test
# beds only.
set -euo pipefail
namespace=${1:?usage: explore.sh NAMESPACE DEPLOYMENT...}
shift
RANDOM=7
while :; do
    for deployment in "$@"; do
        ((RANDOM % 2)) || kubectl --namespace "$namespace" scale deployment "$deployment" \
            --replicas $((1 + RANDOM % 4)) >/dev/null 2>&1 || true
    done
    sleep 15
done
