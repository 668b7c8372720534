#!/usr/bin/env bash
# Every figure of docs/performance.md, section "Learning", and the peers of "Clustering", in one command:
#
#     benches/peers/run.sh [FOLDER] [ROUNDS]
#
# installs the peers into virtual environments in FOLDER (default target/peers; some 6 GB), builds our examples, checks
# that both sides do the same arithmetic, and lets them take turns on one core for ROUNDS rounds (default 7; about a
# minute and a half each, and ten for the peers' compilers before the first).
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-target/peers} rounds=${2:-7} peers=benches/peers
export OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1

install() { # NAME REQUIREMENTS
    [ -x "$folder/$1/bin/python" ] || python3 -m venv "$folder/$1"
    "$folder/$1/bin/pip" install --quiet --requirement "$peers/$2"
}
install torch requirements.txt
install jax requirements-jax.txt
python=$folder/torch/bin/python jax=$folder/jax/bin/python

cargo build --release --package karma-benches --example mappo_update --example decision --example training_speed \
    --example cluster_scale
examples=${CARGO_TARGET_DIR:-target}/release/examples

for hidden in 64 128; do
    for activation in tanh relu; do
        for norm in norm plain; do
            file=$folder/$hidden.$activation.$norm.safetensors
            "$examples/mappo_update" check "$file" "$hidden" "$activation" "$norm" 1
            "$python" "$peers/mappo_update.py" check "$file"
        done
    done
done

pin=()
command -v taskset > /dev/null && pin=(taskset --cpu-list "$(($(nproc --all) - 1))")
"${pin[@]}" "$python" "$peers/compare.py" "$examples" "$python" --rounds "$rounds" --environments "$jax"

# Section "Clustering": on all cores, because both sides use them.
install clustering requirements-clustering.txt
env -u OMP_NUM_THREADS "$folder/clustering/bin/python" "$peers/clustering.py" "$examples" 1000

# What a decision allocates: the difference of a thousand of them and none.
if command -v valgrind > /dev/null; then
    allocations() { valgrind "$examples/decision" repeat "$@" 2>&1 | sed -n 's/.*total heap usage: \([0-9,]*\) allocs.*/\1/p' | tr -d ,; }
    for form in whole parts; do
        echo "Allocations of a decision of four agents, $form: $((($(allocations 1000 $form) - $(allocations 0 $form)) / 1000))"
    done
fi
