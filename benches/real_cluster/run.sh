#!/usr/bin/env bash
# The four phases on a real cluster: collect → fit → train → explain → shadow → canary → active, and then the team against the
# real horizontal pod autoscaler on the same load, in turns. docs/real-cluster.md has what came of it.
#
#   sudo -E benches/real_cluster/run.sh OUT
#
# Needs KUBEBUILDER_ASSETS (karma-testbed/control-plane/build.sh), a static karma-service (KARMA_SERVICE_BINARY), the release
# programs (KARMA_PROGRAMS, default target/release), containerd, runc, iptables, and Debian's prometheus. Brings up a cluster of its
# own and takes it down. About an hour and a half; COLLECT, BUDGET, ROUNDS and STEP make it longer or shorter. TRAIN=simulated trains
# in the simulated cluster instead of the twin. What OUT has of an earlier run (traces, twin, team, rounds of the comparison) is not made
# again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=${1:?usage: run.sh OUT}
programs=$(realpath "${KARMA_PROGRAMS:-target/release}")
collect=${COLLECT:-40m}  # of traces
budget=${BUDGET:-3m}     # of training
place=${TRAIN:-twin}     # of training: twin or simulated
rounds=${ROUNDS:-6}      # comparisons: each once with the HPA and once with the team
step=${STEP:-30s}        # of each level of load in a comparison
every=5                  # seconds between two decisions
levels=${LEVELS:-10,25,40,15}
topology=$PWD/benches/real_cluster/chain4.json # as chain4, but requests hold little memory
mkdir -p "$out"
out=$(realpath "$out")

# Not functions: what runs in the background must be killed itself, not a shell around it.
lab=("$programs/karma-lab")
here=(--name real --root "$out/lab")
transfer=("$programs/karma-transfer")
say() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }
once() { # once PHASE: unless an earlier run has come to its end
    if [ -e "$out/$1.done" ]; then
        say "$1: there already"
    else
        "$1"
        touch "$out/$1.done"
    fi
}

children=()
finish() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    wait || true
    "${lab[@]}" cluster down "${here[@]}" || true
}
trap finish EXIT

say "cluster"
[ -x "${KARMA_SERVICE_BINARY:?the static mock service}" ]
"${lab[@]}" cluster up --service "$KARMA_SERVICE_BINARY" "${here[@]}"
export KUBECONFIG=$out/lab/real/kubeconfig
kubectl=(kubectl --namespace karma)
"${lab[@]}" up "${here[@]}" "$topology" --hpa 50 --topology-out "$out/topology.json"
"${lab[@]}" prometheus "${here[@]}" --dir "$out/prometheus" --listen 127.0.0.1:9490 --scrape 5 >"$out/prometheus.log" 2>&1 &
children+=($!)
spec=$out/prometheus/karma.yaml
until [ -s "$spec" ]; do sleep 1; done
sleep 30

collect() {
    say "phase 1: collect, $collect under changing load and changing replicas"
    rm -f "$out"/live.db*
    "${kubectl[@]}" delete hpa --all >/dev/null
    "${lab[@]}" load --service api "${here[@]}" --steps "$(benches/real_cluster/levels.sh "$collect")" \
        --duration 60s --quiet --out "$out/collect-load.json" >"$out/collect-load.txt" &
    load=$!
    ( # pods that fail belong to what a twin must know
        for service in orders products auth api orders products; do
            sleep 150
            "${lab[@]}" chaos "${here[@]}" crash "$service" >/dev/null 2>&1 || true
        done
    ) &
    children+=($!)
    benches/real_cluster/explore.sh karma api auth products orders &
    local exploring=$!
    children+=("$exploring")
    "${transfer[@]}" collect --topology "$out/topology.json" --namespace karma --spec "$spec" --every $every --for "$collect" \
        --window 20 --scenario levels --out "$out/live.db" 2>"$out/collect.log"
    kill "$exploring"
    wait $load
    "$programs/karma-model" inspect "$out/live.db" | tee "$out/inspect.txt" | head -40
}

fit() {
    say "phase 1: fit"
    "$programs/karma-model" fit "$out/live.db" --out "$out/twin"
    "$programs/karma-model" validate "$out/twin" >"$out/validate.txt"
}

train() {
    say "phase 2: train, $budget, in: $place"
    cat >"$out/train.toml" <<TOML
topology = "topology.json"
workload = "constant"
decision_period = $every.0
TOML
    local twin=(--twin "$out/twin")
    [ "$place" = twin ] || twin=()
    "$programs/karma-train" --config "$out/train.toml" "${twin[@]}" --budget "$budget" --evaluation-seeds 2 \
        --out "$out/run" --force --quiet | tee "$out/train.txt"
}

explain() {
    say "phase 3: explain"
    "$programs/karma-explain" "$out/run" --episodes 4 --quiet | tee "$out/explain.txt"
}

once collect
once fit
once train
once explain

"${lab[@]}" up "${here[@]}" "$topology" --hpa 50 >/dev/null

say "phase 4: package and install"
"${transfer[@]}" package "$out/run" --out "$out/team.karma" --config-map team --namespace karma
"${kubectl[@]}" apply --filename deploy/chart/karma/crds/karmaautoscalers.yaml
"${kubectl[@]}" wait --for condition=established crd/karmaautoscalers.karma.dev
"${kubectl[@]}" apply --server-side --filename "$out/team.yaml"
# Where samples are, from what karma-lab wrote; the policy stays.
{ echo "spec:" && sed -n '/^  metrics:/,$p' "$spec"; } >"$out/metrics.yaml"
"${kubectl[@]}" patch karma team --type merge --patch-file "$out/metrics.yaml"
"${transfer[@]}" controller --namespace karma --listen 127.0.0.1:9491 --lease-namespace karma --log "$out/decisions.jsonl" \
    2>"$out/controller.log" &
children+=($!)

patch() { "${kubectl[@]}" patch karma team --type merge --patch "{\"spec\":$1}" >/dev/null; }
until_is() { # until_is JSONPATH VALUE SECONDS
    local left=$3
    until [ "$("${kubectl[@]}" get karma team --output "jsonpath=$1")" = "$2" ]; do
        left=$((left - 2))
        [ "$left" -gt 0 ] || { echo "$1 is not $2 in time" >&2; "${transfer[@]}" status team --namespace karma >&2; return 1; }
        sleep 2
    done
}
play() { # play NAME: the load of a comparison, and what stood there meanwhile
    "${transfer[@]}" collect --topology "$out/topology.json" --namespace karma --spec "$spec" --every $every --scenario "$1" \
        --out "$out/$1.db" --quiet 2>/dev/null &
    local watching=$!
    "${lab[@]}" load "${here[@]}" --service api --steps "$levels" --duration "$step" --timeout 10 --quiet --out "$out/$1.json" >"$out/$1.txt"
    kill -INT $watching
    wait $watching || true
}
settle() { # the replicas of the beginning, and calm
    "${kubectl[@]}" scale deployment --all --replicas 2 >/dev/null
    sleep 45
}

say "phase 4: shadow"
until_is '{.status.conditions[?(@.type=="Ready")].status}' True 60
before=$("${kubectl[@]}" get deployments --output json --show-managed-fields | grep -c '"manager": "karma"' || true)
"${lab[@]}" load "${here[@]}" --service api --steps 20,40 --duration 45s --quiet >/dev/null
after=$("${kubectl[@]}" get deployments --output json --show-managed-fields | grep -c '"manager": "karma"' || true)
echo "fields of Deployments that karma owns in the shadow: $before before, $after after"
"${transfer[@]}" explain --log "$out/decisions.jsonl" --last | tee "$out/shadow.txt"

say "phase 4: canary"
"${transfer[@]}" take-over team --namespace karma --dir "$out/kept"
patch '{"mode":"Canary","canary":{"services":["api","auth"],"watchSeconds":120}}'
"${lab[@]}" load "${here[@]}" --service api --steps 15,25,15 --duration 60s --quiet >/dev/null &
load=$!
until_is '{.status.canary}' Promoted 240 && promoted=yes || promoted=no
wait $load
echo "canary promoted: $promoted" | tee "$out/canary.txt"

say "phase 4: active, against the HPA, in turns"
for round in $(seq "$rounds"); do
    order=(karma hpa)
    [ $((round % 2)) = 1 ] || order=(hpa karma)
    for who in "${order[@]}"; do
        [ ! -e "$out/$who-$round.done" ] || continue
        if [ "$who" = karma ]; then
            "${transfer[@]}" take-over team --namespace karma --dir "$out/kept" >/dev/null
            patch '{"mode":"Active"}'
        else
            patch '{"mode":"Shadow"}'
            "${transfer[@]}" give-back team --namespace karma --dir "$out/kept" >/dev/null
        fi
        settle
        rm -f "$out/$who-$round".db*
        play "$who-$round"
        touch "$out/$who-$round.done"
        echo "round $round, $who: done ($SECONDS s)"
    done
done

say "result"
benches/real_cluster/table.py "$out" --programs "$programs" | tee "$out/table.md"
