#!/usr/bin/env bash
# levels.sh TIME: rates of a minute each that fill TIME, up and down and in jumps, the same each time.
set -euo pipefail
minutes=$(("${1%m}"))
pattern=(10 20 30 40 25 15 45 35 20 5 30 50 10 40 20 45 35 15 40 25)
rates=()
for minute in $(seq 0 $((minutes - 1))); do rates+=("${pattern[$((minute % ${#pattern[@]}))]}"); done
(IFS=,; echo "${rates[*]}")
