#!/usr/bin/env bash
# Whole searches side by side in one run: 1 to 9 components and all covariance types, ours and mclust's, by turns.
# Prints for each data set the median seconds of both, of ours on one thread too, their ratios and the best models.
#
#     bash crates/gmm-core/benches/mclust.sh [REPEATS]      needs Rscript with mclust
#
# MODELS="EII,VII,..." limits mclust to those models.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
repeats=${1:-5}
largest=9
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$root"
build() { cargo build --quiet --release -p gmm-core --example model_search "$@"; }
build
ours=$(build --message-format json | grep '"name":"model_search"' | sed 's/.*"executable":"\([^"]*\)".*/\1/')
theirs=(Rscript --vanilla crates/gmm-core/benches/mclust.R)

for name in faithful iris diabetes_mclust_flawed wine galaxies acidity banknote; do
  # Numbers alone: no header, no column of words. Velocities in 1000 km/s, as mclust's documentation has them.
  unit=1
  [ "$name" != galaxies ] || unit=1000
  awk -F, -v unit="$unit" 'NR > 1 {
    line = ""
    for (i = 1; i <= NF; i++) if ($i ~ /^[-+.0-9eE]+$/) line = line (line == "" ? "" : ",") (unit == 1 ? $i : $i / unit)
    print line
  }' "assets/tabular/$name.csv" >"$work/$name.csv"
  for _ in $(seq "$repeats"); do
    "$ours" "$work/$name.csv" "$largest" >>"$work/$name.ours"
    "${theirs[@]}" "$work/$name.csv" "$largest" ${MODELS:+"$MODELS"} >>"$work/$name.theirs"
    RAYON_NUM_THREADS=1 "$ours" "$work/$name.csv" "$largest" >>"$work/$name.single"
  done
done

median() { cut -d' ' -f1 "$1" | sort -g | awk '{ s[NR] = $1 } END { print (s[int((NR + 1) / 2)] + s[int(NR / 2) + 1]) / 2 }'; }
echo "| data | ours, s | on one thread, s | mclust, s | × | × on one thread | our best | BIC | mclust's best | BIC |"
echo "|---|---|---|---|---|---|---|---|---|---|"
for file in "$work"/*.ours; do
  name=$(basename "$file" .ours)
  read -r _ our_model our_bic <"$file"
  read -r _ their_model their_bic <"$work/$name.theirs"
  awk -v name="$name" -v a="$(median "$file")" -v single="$(median "$work/$name.single")" -v b="$(median "$work/$name.theirs")" \
    -v rest="$our_model | $our_bic | $their_model | $their_bic" \
    'BEGIN { printf "| %s | %.3f | %.3f | %.3f | %.1f | %.1f | %s |\n", name, a, single, b, b / a, b / single, rest }'
done
