#!/usr/bin/env bash
# Times the unpacking of an image of about 30 000 files and 1.5 GB, from an OCI layout to a tree, all on tmpfs, side by side with umoci,
# and prints medians, processor time and peak memory. Use: benchmarks/compare/unpack.sh PATH-OF-OCIMG [RUNS] [UMOCI]
# Needs root, GNU time, umoci, and 6 GB in /dev/shm. The layers hold files of this machine's /usr, so that they compress as real ones do.
set -euo pipefail
ocimg=$(realpath "$1")
runs=${2:-5}
umoci=${3:-umoci-0.6}
for tool in "$umoci" /usr/bin/time; do
  command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done
work=$(mktemp -d -p /dev/shm)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Three layers of real files, 10 000 files and 500 MB each at most, from different parts of one list.
(cd /usr && find . -type f -size -20M -readable 2>/dev/null | LC_ALL=C sort) >list || true
lines=$(wc -l <list)
adds=()
for layer in 0 1 2; do
  mkdir "app$layer"
  awk -v skip=$((layer * 10000 % lines)) -v lines="$lines" '{ all[NR] = $0 } END { for (i = 0; i < 10000; i++) print all[(skip + i) % lines + 1] }' list |
    (size=0
     while read -r file; do
       bytes=$(stat -c %s "/usr/$file")
       ((size + bytes < 500000000)) || continue
       size=$((size + bytes))
       mkdir -p "app$layer/${file%/*}" && cp "/usr/$file" "app$layer/$file"
     done)
  adds+=(--add "app$layer:/app$layer")
done
count=$(find app? -type f | wc -l)
bytes=$(du -cb app? | tail -1 | cut -f1)
"$ocimg" build oci:image:v1 --from scratch "${adds[@]}" --platform linux/amd64 -q >/dev/null
rm -rf app?

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
    awk -v name="$name" -v peak="$peak" '{ printf "%-24s %6.2f s  %6.2f s  %4d MB\n", name, $1, $2 + $3, peak }'
}

echo "$count files, $bytes bytes, $(du -cb image/blobs/sha256 | tail -1 | cut -f1) compressed in $(ls image/blobs/sha256 | wc -l) blobs, $runs runs, $(nproc) cores, $(date -u +%F)"
printf '%-24s %8s  %8s  %7s\n' '' time 'user+sys' memory
measure 'ocimg unpack' "$ocimg" unpack oci:image:v1 out -q
measure "$umoci unpack" "$umoci" unpack --image image:v1 out
measure 'ocimg unpack, again' "$ocimg" unpack oci:image:v1 out -q
measure 'ocimg unpack --overlay' "$ocimg" unpack --overlay oci:image:v1 out -q
measure 'ocimg ls-files' "$ocimg" ls-files oci:image:v1 -q
