#!/usr/bin/env bash
# Times the conversion of a layer of about 200 MB between gzip and zstd, from one OCI layout to another, side by side with skopeo,
# and prints medians, processor time and peak memory. Use: benchmarks/compare/convert.sh PATH-OF-OCIMG [RUNS]
# Needs skopeo, tar and GNU time. The layer holds files of this machine's /usr/lib and /usr/share, so that it compresses as real ones do.
set -euo pipefail
ocimg=$(realpath "$1")
runs=${2:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in skopeo /usr/bin/time; do
  command -v "$tool" >/dev/null || { echo "$tool is missing (Debian: skopeo, time)" >&2; exit 1; }
done
cd "$work"
printf '{"default":[{"type":"insecureAcceptAnything"}]}' >policy.json

mkdir app # real files until there are 200 MB
(cd /usr && find lib share -type f -size -20M -readable 2>/dev/null | LC_ALL=C sort) |
  while read -r file; do
    mkdir -p "app/$(dirname "$file")" && cp "/usr/$file" "app/$file"
    size=$((${size:-0} + $(stat -c %s "/usr/$file")))
    [[ $size -lt 200000000 ]] || break
  done || true # what lists the files is cut off
"$ocimg" build oci:gzip:v1 --from scratch --add app:/app --platform linux/amd64 -q >/dev/null
rm -rf app
"$ocimg" copy oci:gzip:v1 oci:zstd:v1 --compress zstd -q >/dev/null

measure() { # NAME COMMAND...: prints name, median seconds, processor seconds of that run, greatest peak memory in MB
  local name=$1 peak=0
  shift
  : >samples
  for ((run = 0; run <= runs; run++)); do
    rm -rf out
    /usr/bin/time -f '%e %U %S %M' -o sample "$@" >/dev/null 2>&1
    ((run == 0)) || cat sample >>samples # the first run warms the page cache
    ((peak >= $(cut -d' ' -f4 sample) / 1000)) || peak=$(($(cut -d' ' -f4 sample) / 1000))
  done
  sort -n samples | sed -n "$(((runs + 1) / 2))p" |
    awk -v name="$name" -v peak="$peak" '{ printf "%-32s %6.2f s  %6.2f s  %4d MB\n", name, $1, $2 + $3, peak }'
}

echo "one layer, $(stat -c %s gzip/blobs/sha256/* | sort -n | tail -1) bytes as gzip, $runs runs, $(nproc) cores, $(date -u +%F)"
printf '%-32s %8s  %8s  %7s\n' '' time 'user+sys' memory
skopeo=(skopeo --policy policy.json copy -q)
measure 'ocimg gzip → zstd (3)' "$ocimg" copy oci:gzip:v1 oci:out:v1 --compress zstd -q
measure 'skopeo gzip → zstd (3)' "${skopeo[@]}" --dest-compress-format zstd --dest-compress-level 3 oci:gzip:v1 oci:out:v1
measure 'ocimg zstd → gzip (6)' "$ocimg" copy oci:zstd:v1 oci:out:v1 --compress gzip -q
measure 'skopeo zstd → gzip (6)' "${skopeo[@]}" --dest-compress-format gzip --dest-compress-level 6 oci:zstd:v1 oci:out:v1
measure 'ocimg gzip → none' "$ocimg" copy oci:gzip:v1 oci:out:v1 --compress none -q
"$ocimg" copy oci:gzip:v1 oci:again:v1 --compress zstd -q >/dev/null
measure 'ocimg gzip → zstd, known' "$ocimg" copy oci:gzip:v1 oci:again:v1 --compress zstd -q
