#!/usr/bin/env bash
# levels.sh TIME: rates of a minute each that fill TIME, up and down and in jumps, the same each time.
set -euo pipefail
minutes=$(("${1%m}"))
pattern=(10 25 40 60 30 15 70 50 20 5 35 65 10 55 25 75 45 15 60 30)
rates=()
for minute in $(seq 0 $((minutes - 1))); do rates+=("${pattern[$((minute % ${#pattern[@]}))]}"); done
(IFS=,; echo "${rates[*]}")
