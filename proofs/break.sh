#!/usr/bin/env bash
# Would anybody notice? Breaks each property of the safety kernel, one at a time and each in a small way, and demands
# that the tests and the proofs turn red.
#
# A proof that always says yes looks like one that holds, so this is the proof of the proofs. The breaks are made in a
# temporary copy of the tree; the tree itself is only read. A break replaces a text that must stand in its file exactly
# once: when the kernel changes, a break that no longer applies is an error, not one break less.
set -euo pipefail
# shellcheck source=../.ci/broken_copy.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../.ci/broken_copy.sh"

usage() {
    cat <<'END'
Breaks each property of the safety kernel in a copy of the tree; fails if the tests or the proofs do not notice.

Usage: proofs/break.sh [--only PROPERTY]... [--tests-only] [--target-dir DIR]

  --only PROPERTY    only the break of this property, P1 to P11; may be given several times
  --tests-only       run the tests of karma-shield, not the proofs
  --target-dir DIR   where cargo builds, kept for the next run [default: a temporary directory]
  --help             this text

Examples:
  proofs/break.sh
      Everything, in five to ten minutes.
  proofs/break.sh --only P4
      Would a budget that is not kept be noticed?
  proofs/break.sh --tests-only --target-dir target/break
      All breaks against the tests alone, in a few minutes.

Exit codes: 0 every break was noticed, 1 one was not or could not be made, 2 wrong usage.
END
}

only=() with_proofs=yes target_dir=''
while (($# > 0)); do
    case $1 in
        --only)
            [[ ${2-} =~ ^P([1-9]|10|11)$ ]] || wrong "--only is '${2-}'; allowed: P1 to P11"
            only+=("$2")
            shift
            ;;
        --tests-only) with_proofs=no ;;
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

# Runs cargo in the copy; what it says goes to the log.
quietly() {
    (cd -- "$copy" && cargo "$@") >"$log" 2>&1
}

# Something that does not compile would be red for the wrong reason.
build() {
    quietly test -p karma-shield --no-run || return 1
    [[ $with_proofs = no ]] || quietly build --release -p karma-proofs
}

tests_hold() { quietly test -p karma-shield; }
proofs_hold() { quietly run --release -p karma-proofs -- --quick; }

# Replaces the one place where `old` stands in a file of the kernel.
replace() {
    local file=$1 old=$2 new=$3 text rest
    text=$(<"$file")
    rest=${text//"$old"/}
    ((${#text} - ${#rest} == ${#old})) ||
        fail "$property no longer applies: not exactly one '$old' in ${file#"$copy"/}"
    printf '%s\n' "${text/"$old"/"$new"}" >"$file"
}

row() { printf '%-9s %-46s %-9s %-10s %s\n' "$@"; }

# Makes one break, asks tests and proofs, and writes a row of the table.
try() {
    local property=$1 what=$2 path=karma-shield/src/$3 tests=green proofs=- named=-
    ((${#only[@]} == 0)) || [[ " ${only[*]} " = *" $property "* ]] || return 0
    printf '%s: %s\n' "$property" "$what" >&2
    replace "$copy/$path" "$4" "$5"
    build || give_up "the break of $property does not compile"
    tests_hold || tests=red
    if [[ $with_proofs = yes ]]; then
        proofs=green named=no
        proofs_hold || proofs=red
        ! grep -q "^ *$property .*BROKEN" "$log" || named=yes
    fi
    cp -- "$root/$path" "$copy/$path"
    row "$property" "$what" "$tests" "$proofs" "$named" >>"$scratch/rows"
    [[ $tests = red && $proofs != green ]] || unnoticed+=("$property")
}

all_breaks() {
    try P1 'max is no bound' chain.rs 'hi: limits.max }' 'hi: u32::MAX }'
    try P2 'the lowest level of the window is forgotten' chain.rs \
        'memory.levels_low.extreme(now, limits.up.window_ms).min(replicas)' 'replicas'
    try P3 'cooldown begins when it should end' chain.rs \
        'now.saturating_sub(up) < limits.cooldown_ms' 'now.saturating_sub(up) >= limits.cooldown_ms'
    try P4 'the pool pays twice' amounts.rs \
        '*left -= u128::from(taken) * u128::from(each);' '*left -= 0 * u128::from(taken) * u128::from(each);'
    try P5 'demand and minAvailable hold nothing back' chain.rs \
        'Clamp::at_least(floor.min(replicas).max(undisturbed))' 'Clamp::at_least(undisturbed)'
    try P6 'what is stale is taken for fresh' reading.rs 'age_ms > stale_after_ms =>' 'age_ms > u64::MAX =>'
    try P7 'the last service gets no action' kernel.rs \
        $'memory.remember(limits, deed(action, plan, now));\n    }' \
        $'memory.remember(limits, deed(action, plan, now));\n    }\n    cleared.pop();'
    try P8 'a wish is followed but for one replica' chain.rs 'self.oscillation.apply(wish)' \
        'self.oscillation.apply(wish.saturating_sub(u32::from(wish > self.bounds.lo)))'
    try P9 'the way back up is not counted' memory/reversals.rs \
        'self.count(now, window_ms) + 2 <= most' 'self.count(now, window_ms) + 1 <= most'
    try P10 'pods start at once' chain.rs 'needs(value, age, growth.lead_ms)' 'needs(value, age, 0 * growth.lead_ms)'
    try P11 'removing goes on in a pause' chain.rs 'lo: if pause.down { replicas } else { 0 }' 'lo: 0'
}

make_copy "$target_dir"
unnoticed=()
printf 'untouched: everything must hold\n' >&2
build || give_up 'the tree does not compile'
tests_hold || give_up 'the tests of the untouched tree are red'
[[ $with_proofs = no ]] || proofs_hold || give_up 'the proofs of the untouched tree are red'
row property break 'tests' 'proofs' 'property named?' >"$scratch/rows"
all_breaks
cat -- "$scratch/rows"
((${#unnoticed[@]} == 0)) || fail "not noticed: ${unnoticed[*]}"
