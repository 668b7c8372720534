# For scripts that break a copy of the tree to see whether anybody notices: sourced by proofs/break.sh and
# karma-marl/break.sh, with strict mode on.

wrong() {
    printf 'break.sh: %s; --help shows what is possible\n' "$1" >&2
    exit 2
}

fail() {
    printf 'break.sh: %s\n' "$1" >&2
    exit 1
}

# Ends with the last of the log.
give_up() {
    tail -n 40 -- "$log" >&2
    fail "$1"
}

# make_copy DIR: a copy of the tree in $copy, which cargo builds in DIR, or in a temporary one if that is empty; $log is
# for what is said there. All goes away at the end but what was built in DIR.
#
# The files are as they stand, committed or not; what git ignores is left out. They are new (-m), so that cargo does not
# take what an earlier run left in DIR, which was broken, for what they compile to. In a given DIR the copy always has the same path, so
# that the next run takes the place of this one. The target directory of the tree itself may be DIR, and nothing that both depend on is
# built twice then; not where programs are built, for broken ones would lie beside the good ones.
make_copy() {
    local file
    root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
    scratch=$(mktemp -d)
    copy=$scratch/tree log=$scratch/log
    local target_dir=${1:-$scratch/target}
    mkdir -p -- "$target_dir"
    CARGO_TARGET_DIR=$(cd -- "$target_dir" && pwd)
    [[ -z ${1-} ]] || copy=$CARGO_TARGET_DIR/broken-copy/tree
    trap 'rm -rf -- "$scratch" "$copy"' EXIT
    rm -rf -- "$copy"
    mkdir -p -- "$copy"
    CARGO_INCREMENTAL=1 # A break is a line or two.
    # Not a repository, wherever the copy lies: git may patch files there, and is not to ask what it knows of them.
    GIT_CEILING_DIRECTORIES=$(dirname -- "$copy")
    export CARGO_TARGET_DIR CARGO_INCREMENTAL GIT_CEILING_DIRECTORIES
    (cd -- "$root" && git ls-files -z --cached --others --exclude-standard) | while IFS= read -r -d '' file; do
        [[ ! -f $root/$file ]] || printf '%s\0' "$file"
    done | tar -C "$root" --null -T - -cf - | tar -C "$copy" -xmf -
}
