#!/usr/bin/env bash
# Would anybody notice? Puts the bugs of published MAPPO and HAPPO implementations into the learner, one at a time, and
# demands that a test turns red.
#
# Each of them is a patch in breaks/ that says what it breaks and which tests have to notice. They are made in a temporary
# copy of the tree; the tree itself is only read. When the learner changes, a patch that no longer applies or compiles is an
# error, not one bug less.
set -euo pipefail
# shellcheck source=../.ci/broken_copy.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../.ci/broken_copy.sh"

usage() {
    cat <<'END'
Puts published bugs into a copy of the learner, one at a time; fails if the tests do not notice.

Usage: karma-marl/break.sh [--only BUG]... [--target-dir DIR]

  --only BUG         only this bug, named as its file in karma-marl/breaks; may be given several times
  --target-dir DIR   where cargo builds, kept for the next run [default: a temporary directory]
  --help             this text

Examples:
  karma-marl/break.sh --target-dir target/break
      All bugs, in a few minutes.
  karma-marl/break.sh --only time-limit-ends
      Would a time limit that ends the game be noticed?

Exit codes: 0 every bug was noticed, 1 one was not or could not be made, 2 wrong usage.
END
}

breaks=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/breaks" && pwd)
only=() target_dir=''
while (($# > 0)); do
    case $1 in
        --only)
            [[ -f $breaks/${2-}.patch ]] || wrong "--only is '${2-}'; allowed: the names in karma-marl/breaks"
            only+=("$2")
            shift
            ;;
        --target-dir)
            [[ -n ${2-} ]] || wrong '--target-dir needs a directory'
            target_dir=$2
            shift
            ;;
        --help | -h)
            usage
            exit
            ;;
        *) wrong "unknown argument '$1'" ;;
    esac
    shift
done

# Runs the tests that are named; what they say goes to the log.
tests_hold() { (cd -- "$copy" && cargo test -p karma-marl "$@") >"$log" 2>&1; }

# A line of a patch's head.
head_of() { sed -n "s/^$2: //p" -- "$breaks/$1.patch"; }

# Makes one break, runs its tests, and writes a row of the table.
try() {
    local bug=$1 tests red file
    read -ra tests <<<"$(head_of "$bug" Tests)"
    printf '%s: %s\n' "$bug" "$(head_of "$bug" What)" >&2
    git -C "$copy" apply "$breaks/$bug.patch"
    if tests_hold "${tests[@]}"; then
        red=- unnoticed+=("$bug")
    else
        red=$(sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$log" | head -n 1)
        [[ -n $red ]] || give_up "$bug does not compile"
    fi
    sed -n 's,^+++ b/,,p' "$breaks/$bug.patch" | while IFS= read -r file; do
        cp -- "$root/$file" "$copy/$file"
    done
    row "$bug" "$red" >>"$scratch/rows"
}

row() { printf '%-34s %s\n' "$@"; }

bugs=("${only[@]}")
if ((${#bugs[@]} == 0)); then
    for file in "$breaks"/*.patch; do
        bugs+=("$(basename -- "$file" .patch)")
    done
fi
make_copy "$target_dir"
for bug in "${bugs[@]}"; do
    git -C "$copy" apply --check "$breaks/$bug.patch" || fail "$bug no longer applies"
done
printf 'untouched: everything must hold\n' >&2
read -ra all <<<"$(for bug in "${bugs[@]}"; do head_of "$bug" Tests; done | sort -u | tr '\n' ' ')"
tests_hold "${all[@]}" || give_up 'the tests of the untouched tree are red, or do not compile'
unnoticed=()
row bug 'test that noticed' >"$scratch/rows"
for bug in "${bugs[@]}"; do
    try "$bug"
done
cat -- "$scratch/rows"
((${#unnoticed[@]} == 0)) || fail "not noticed: ${unnoticed[*]}"
