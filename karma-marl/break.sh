#!/usr/bin/env bash
# Would anybody notice? Puts the bugs of published MAPPO and HAPPO implementations into the learner, one at a time, and
# demands that a test turns red.
#
# Each of them is a patch in breaks/ that says what it breaks and which tests have to notice. They are made in a temporary
# copy of the tree; the tree itself is only read. When the learner changes, a patch that no longer applies or compiles is an
# error, not one bug less.
set -euo pipefail

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

wrong() {
    printf 'break.sh: %s; --help shows what is possible\n' "$1" >&2
    exit 2
}

fail() {
    printf 'break.sh: %s\n' "$1" >&2
    exit 1
}

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
breaks=$root/karma-marl/breaks
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

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
copy=$scratch/tree log=$scratch/log
target_dir=${target_dir:-$scratch/target}
mkdir -p -- "$copy" "$target_dir"
CARGO_TARGET_DIR=$(cd -- "$target_dir" && pwd)
CARGO_INCREMENTAL=1 # A break is a line or two.
# Not a repository, wherever the scratch directory lies: git is to patch files, not to ask what it knows of them.
GIT_CEILING_DIRECTORIES=$scratch
export CARGO_TARGET_DIR CARGO_INCREMENTAL GIT_CEILING_DIRECTORIES

# The files as they stand, committed or not; what git ignores is left out. They are new (-m), so that cargo does not take
# what an earlier run left in the target directory, which was broken, for what they compile to.
copy_tree() {
    local file
    (cd -- "$root" && git ls-files -z --cached --others --exclude-standard) | while IFS= read -r -d '' file; do
        [[ ! -f $root/$file ]] || printf '%s\0' "$file"
    done | tar -C "$root" --null -T - -cf - | tar -C "$copy" -xmf -
}

# Runs the tests that are named; what they say goes to the log.
tests_hold() { (cd -- "$copy" && cargo test -p karma-marl "$@") >"$log" 2>&1; }

give_up() {
    tail -n 40 -- "$log" >&2
    fail "$1"
}

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
copy_tree
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
