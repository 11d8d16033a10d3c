#!/usr/bin/env bash
# Times taking 1 GB of blobs into an OCI layout, at each level of durability, beside sha256sum plus cp of the same files,
# and beside openssl's sha256 plus cp, which hashes as fast as the processor can. Prints medians and ratios.
# Use: benchmarks/compare/ingest.sh PATH-OF-OCIMG [RUNS] [DIR]
# Files are warm in the page cache; DIR is on the disk that is measured. Needs root, openssl, jq and GNU time.
set -euo pipefail
ocimg=$(realpath "$1")
runs=${2:-5}
work=$(mktemp -d -p "${3:-${TMPDIR:-/tmp}}")
trap 'rm -rf "$work"' EXIT
cd "$work"

median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }
seconds() { # COMMAND...: prints how long it took
  /usr/bin/time -f %e -o sample "$@" >/dev/null 2>log || { cat log >&2; return 1; }
  cat sample
}
source_of() { # COUNT BYTES: a layout whose image has so many blobs, of bytes that do not compress
  mkdir -p "source/blobs/sha256" files
  local layers=()
  for ((i = 0; i < $1; i++)); do
    head -c "$2" /dev/urandom >"files/$i"
    digest=$(openssl dgst -sha256 -r "files/$i" | cut -d' ' -f1)
    ln "files/$i" "source/blobs/sha256/$digest"
    echo "{\"mediaType\":\"application/octet-stream\",\"digest\":\"sha256:$digest\",\"size\":$2}"
  done | jq -s . >layers.json
  printf '{}' >config
  jq -c '{schemaVersion:2,mediaType:"application/vnd.oci.image.manifest.v1+json",artifactType:"a/b",
    config:{mediaType:"application/vnd.oci.empty.v1+json",digest:"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",size:2},
    layers:.}' layers.json >manifest
  cp config source/blobs/sha256/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
  digest=$(openssl dgst -sha256 -r manifest | cut -d' ' -f1)
  cp manifest "source/blobs/sha256/$digest"
  printf '{"imageLayoutVersion":"1.0.0"}' >source/oci-layout
  jq -cn --arg d "sha256:$digest" --argjson s "$(stat -c %s manifest)" \
    '{schemaVersion:2,manifests:[{mediaType:"application/vnd.oci.image.manifest.v1+json",digest:$d,size:$s,
      annotations:{"org.opencontainers.image.ref.name":"v1"}}]}' >source/index.json
  # Of another owner, the files are copied and not linked.
  chown -R 65534 source/blobs
}
measure() { # NAME BASE COMMAND...: prints the median and its ratio to BASE, and leaves the median in $result
  local name=$1 base=$2 times=()
  shift 2
  for ((run = 0; run < runs; run++)); do
    rm -rf target
    times+=("$(seconds "$@")")
  done
  result=$(median "${times[@]}")
  printf '%-28s %6s s  %s\n' "$name" "$result" "$([[ $base == 0 ]] || awk "BEGIN { printf \"%.2f\", $result / $base }")"
}
compare() { # COUNT BYTES
  rm -rf source files
  source_of "$1" "$2"
  echo "$1 blobs of $2 bytes, $runs runs, $(nproc) cores, $(date -u +%F)"
  measure 'sha256sum + cp' 0 sh -c 'mkdir target; find files -type f -print0 | xargs -0 sha256sum >/dev/null; cp -r files/. target/'
  base=$result
  measure 'openssl sha256 + cp' "$base" sh -c 'mkdir target; find files -type f -print0 | xargs -0 openssl dgst -sha256 -r >/dev/null; cp -r files/. target/'
  for level in none batched full; do
    measure "ocimg copy, $level" "$base" "$ocimg" copy oci:source:v1 oci:target:v1 --durability "$level" -q
  done
  if [[ $1 == 1 ]]; then
    measure 'ocimg blob put, none' "$base" "$ocimg" blob put oci:target files/0 --durability none -q
  fi
}
compare 1 1000000000
compare 100 10000000
compare 10000 100000
