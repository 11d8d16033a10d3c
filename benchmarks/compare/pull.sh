#!/usr/bin/env bash
# Times a pull of a 500 MB image from Debian's docker-registry on loopback into an OCI layout, side by side with crane and
# oras, and prints medians, ratios and peak memory. Use: benchmarks/compare/pull.sh PATH-OF-OCIMG [RUNS]
# Needs docker-registry, crane, oras, jq and GNU time; all processes are on this machine and end with the script.
set -euo pipefail
ocimg=$(realpath "$1")
runs=${2:-5}
work=$(mktemp -d)
trap 'kill %1 2>/dev/null || true; rm -rf "$work"' EXIT
for tool in docker-registry crane oras jq /usr/bin/time; do
  command -v "$tool" >/dev/null || { echo "$tool is missing (Debian: docker-registry, time, jq)" >&2; exit 1; }
done
cd "$work"

# Four layers of 125 MB that do not compress, so that the bytes on the wire are what is measured.
locations=(oci:layout:0 oci:layout:1 oci:layout:2 oci:layout:3)
from=scratch
for i in 0 1 2 3; do
  mkdir -p "layer$i"
  head -c 125000000 /dev/urandom >"layer$i/data"
  "$ocimg" build "${locations[i]}" --from "$from" --add "layer$i:/layer$i" --platform linux/amd64 -q >/dev/null
  rm -rf "layer$i"
  from=${locations[i]}
done

printf 'version: 0.1\nlog: {accesslog: {disabled: true}, level: error}\nstorage: {filesystem: {rootdirectory: %s/registry}}\nhttp: {addr: "127.0.0.1:0"}\n' \
  "$work" >config.yml
sed -i 's/level: error/level: info/' config.yml
docker-registry serve config.yml 2>registry.log &
until host=$(grep -oE 'listening on 127\.0\.0\.1:[0-9]+' registry.log | grep -oE '127.*'); do sleep 0.1; done
image=$host/compare/image:v1
"$ocimg" copy oci:layout:3 "$image" -q

measure() { # NAME COMMAND...: prints name, median seconds, greatest peak memory in MB
  local name=$1; shift
  local times=() peak=0
  for ((run = 0; run <= runs; run++)); do
    rm -rf out
    /usr/bin/time -f '%e %M' -o sample "$@" >/dev/null 2>&1
    read -r seconds kilobytes <sample
    ((run == 0)) || times+=("$seconds") # the first run warms the page cache
    ((kilobytes / 1000 <= peak)) || peak=$((kilobytes / 1000))
  done
  local median
  median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((runs + 1) / 2))p")
  printf '%-32s %6s s  %4d MB\n' "$name" "$median" "$peak"
}

echo "pull of $(du -sh --apparent-size layout/blobs | cut -f1), $runs runs, $(nproc) cores, $(date -u +%F)"
measure 'ocimg pull' "$ocimg" pull "$image" out -q
measure 'crane pull --format=oci' crane pull --insecure --format=oci "$image" out
measure 'oras cp --to-oci-layout' oras cp --from-plain-http --to-oci-layout "$image" out:v1
