#!/usr/bin/env bash
# Does the mock service use what it is told to use? CPU of a request, limit of throughput, memory, and how fast it is when
# it has nothing to burn; each beside its target, on this machine's loopback.
#
#   benches/peers/service.sh [SECONDS]
#
# Needs wrk, curl and taskset. Run it on a quiet machine of two cores or more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-6}
for program in wrk curl taskset; do
    command -v "$program" >/dev/null || { echo "$program is needed: apt-get install wrk curl util-linux" >&2; exit 1; }
done
cargo build --release --locked -p karma-service
service=${CARGO_TARGET_DIR:-target}/release/karma-service
url=http://127.0.0.1:5950/process
admin=http://127.0.0.1:5951
running=
trap '[ -z "$running" ] || kill "$running"' EXIT

begin() { # begin SETTINGS [COMMAND...]: the service with these settings, ready
    local settings=$1
    shift
    KARMA_SERVICE="{ \"name\": \"measured\", \"port\": 5950, \"admin_port\": 5951, $settings }" "$@" "$service" &
    running=$!
    for _ in $(seq 100); do curl --silent --fail --output /dev/null "$admin/readyz" && return; sleep 0.05; done
    echo "the service is not ready" >&2
    return 1
}

end() { kill "$running"; wait "$running" || true; running=; }

metric() { # the sum of all series of a metric
    curl --silent "$admin/metrics" | awk -v name="$1" 'index($1, name) == 1 { sum += $NF } END { printf "%.6f", sum }'
}

judge() { # judge WHAT TARGET MEASURED BOUND: within a share of the target
    awk -v what="$1" -v target="$2" -v measured="$3" -v bound="$4" 'BEGIN {
        off = (measured - target) / target
        printf "%-44s %10.3f %10.3f %+7.1f %%  %s\n", what, target, measured, 100 * off, \
            (off <= bound && off >= -bound) ? "ok" : "OFF"
    }'
}

printf '%-44s %10s %10s %9s\n' "" target measured ""
for milliseconds in 1 5 20; do
    begin "\"work\": { \"mean_seconds\": 0.0$(printf '%02d' "$milliseconds") }"
    wrk -t1 -c4 -d2s "$url" >/dev/null
    cpu=$(metric process_cpu_time_seconds_total) requests=$(metric http_server_request_duration_seconds_count)
    wrk -t1 -c4 -d"$seconds"s "$url" >/dev/null
    sleep 0.2
    measured=$(awk -v a="$cpu" -v b="$(metric process_cpu_time_seconds_total)" -v n="$requests" \
        -v m="$(metric http_server_request_duration_seconds_count)" 'BEGIN { print 1000 * (b - a) / (m - n) }')
    judge "CPU of a request, ms" "$milliseconds" "$measured" 0.05
    end
done

begin '"throughput": 300, "queue_capacity": 1000'
measured=$(wrk -t1 -c20 -d"$seconds"s "$url" | awk '/Requests\/sec/ { print $2 }')
judge "limit of throughput, requests/s" 300 "$measured" 0.02
end

begin '"memory": { "idle": 64, "per_request": 16 }'
rss() { awk '/VmRSS/ { print $2 / 1024 }' "/proc/$running/status"; }
idle=$(rss)
judge "memory without requests, MiB" 64 "$idle" 0.05
curl --silent --output /dev/null -X PUT -H 'content-type: application/json' -d '{ "latency_seconds": 2 }' "$admin/faults"
wrk -t1 -c8 -d3s "$url" >/dev/null &
sleep 1 # all eight have computed nothing and hold what they hold
judge "memory of eight requests, MiB" 128 "$(awk -v all="$(rss)" -v idle="$idle" 'BEGIN { print all - idle }')" 0.05
wait $!
end

begin '"concurrency": 1000' taskset -c 0
rate=$(taskset -c 1 wrk -t1 -c16 -d"$seconds"s "$url" | awk '/Requests\/sec/ { print $2 }')
end
awk -v rate="$rate" 'BEGIN {
    printf "%-44s %10d %10d            %s\n", "requests/s of one core with nothing to burn", 10000, rate, (rate >= 10000) ? "ok" : "OFF"
}'
