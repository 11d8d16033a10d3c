#!/usr/bin/env bash
# Times a copy of a 500 MB image from one of Debian's docker-registry to another, both on loopback, side by side with crane,
# skopeo and oras, and prints medians and peak memory. Then the same with one layer of 4 GB, once, for the memory alone, with
# LARGE=1. Use: [LARGE=1] benchmarks/compare/copy.sh PATH-OF-OCIMG [RUNS]
# Needs docker-registry, crane, skopeo, oras, jq and GNU time; all processes are on this machine and end with the script.
set -euo pipefail
ocimg=$(realpath "$1")
runs=${2:-5}
work=$(mktemp -d)
trap 'kill %1 %2 2>/dev/null || true; rm -rf "$work"' EXIT
for tool in docker-registry crane skopeo oras jq /usr/bin/time; do
  command -v "$tool" >/dev/null || { echo "$tool is missing (Debian: docker-registry, skopeo, time, jq)" >&2; exit 1; }
done
cd "$work"

serve() { # NAME: starts a registry with a storage of its own and prints where
  printf 'version: 0.1\nlog: {accesslog: {disabled: true}, level: info}\nstorage: {filesystem: {rootdirectory: %s/%s}}\nhttp: {addr: "127.0.0.1:0"}\n' \
    "$work" "$1" >"$1.yml"
  docker-registry serve "$1.yml" 2>"$1.log" &
}
address() {
  local host
  until host=$(grep -oE 'listening on 127\.0\.0\.1:[0-9]+' "$1.log" | grep -oE '127.*'); do sleep 0.1; done
  echo "$host"
}
serve from
serve to
from=$(address from) to=$(address to)

build() { # TAG LAYERS BYTES: layers that do not compress, so that the bytes on the wire are what is measured
  local base=scratch
  for ((i = 0; i < $2; i++)); do
    mkdir -p layer
    head -c "$3" /dev/urandom >layer/data
    "$ocimg" build "oci:layout:$1-$i" --from "$base" --add "layer:/layer$i" --platform linux/amd64 -q >/dev/null
    rm -rf layer
    base=oci:layout:$1-$i
  done
  "$ocimg" copy "$base" "$from/compare/$1:v1" -q
  rm -rf layout
}

count=0
measure() { # RUNS IMAGE NAME COMMAND... (SRC and DST are replaced): prints name, median seconds, greatest peak memory in MB
  local times=() peak=0 image=$2 name=$3 n=$1
  shift 3
  for ((run = 0; run <= n; run++)); do
    count=$((count + 1))
    local command=("${@//SRC/$from/compare/$image:v1}")
    command=("${command[@]//DST/$to/run$count/$image:v1}") # a repository that has nothing yet
    /usr/bin/time -f '%e %M' -o sample "${command[@]}" >/dev/null 2>&1
    read -r seconds kilobytes <sample
    ((run == 0 && n > 0)) || times+=("$seconds") # the first run warms the page cache
    ((kilobytes / 1000 <= peak)) || peak=$((kilobytes / 1000))
    rm -rf to/docker # the registry looks at its files each time
  done
  local median
  median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((${#times[@]} + 1) / 2))p")
  printf '%-24s %6s s  %4d MB\n' "$name" "$median" "$peak"
}
compare() { # RUNS IMAGE
  measure "$1" "$2" 'ocimg copy' "$ocimg" copy SRC DST -q
  measure "$1" "$2" 'crane copy' crane copy --insecure SRC DST
  measure "$1" "$2" 'skopeo copy' skopeo copy -q --src-tls-verify=false --dest-tls-verify=false docker://SRC docker://DST
  measure "$1" "$2" 'oras cp' oras cp --from-plain-http --to-plain-http SRC DST
}

build small 4 125000000
echo "copy of 500 MB in 4 layers, $runs runs, $(nproc) cores, $(date -u +%F)"
compare "$runs" small
if [[ -n ${LARGE:-} ]]; then
  build large 1 4000000000
  echo "copy of one layer of 4 GB, once"
  compare 0 large
fi
