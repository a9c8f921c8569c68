#!/usr/bin/env bash
# Reading CSV side by side in one run: a million rows of ten numbers with six decimals, and with all their digits, read
# here, by pandas and by polars, by turns. Prints the median seconds of each and the ratios.
#
#     bash crates/gmm-table/benches/pandas.sh [REPEATS]      needs Python with numpy, pandas and polars ($PYTHON)
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
repeats=${1:-7}
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$root"
# As it is used: the dev profile, which optimises.
ours=$(cargo test --quiet -p gmm-table --bench reading --no-run --message-format json |
  grep '"name":"reading"' | sed 's/.*"executable":"\([^"]*\)".*/\1/')
"$python" - "$work" <<'PYTHON'
import sys
import numpy as np, pandas as pd
rng = np.random.default_rng(1)
table = pd.DataFrame(rng.normal(0, 4, (1_000_000, 10)), columns=[f"x{i}" for i in range(10)])
table.to_csv(f"{sys.argv[1]}/decimals.csv", index=False, float_format="%.6f")
table.to_csv(f"{sys.argv[1]}/digits.csv", index=False)
PYTHON

median() { sort -g | awk '{ s[NR] = $1 } END { print (s[int((NR + 1) / 2)] + s[int(NR / 2) + 1]) / 2 }'; }
peer() {
  "$python" -c "
import sys, time
import $1 as peer
peer.read_csv('$2')
start = time.perf_counter()
peer.read_csv('$2')
print(time.perf_counter() - start)"
}
echo "| table | here, s | pandas, s | polars, s | × pandas | × polars |"
echo "|---|---|---|---|---|---|"
for name in decimals digits; do
  file="$work/$name.csv"
  for _ in $(seq "$repeats"); do
    "$ours" "$file" | sed 's/.*second \([0-9.]*\) s.*/\1/' >>"$work/ours.$name"
    peer pandas "$file" >>"$work/pandas.$name"
    peer polars "$file" >>"$work/polars.$name"
  done
  o=$(median <"$work/ours.$name") p=$(median <"$work/pandas.$name") q=$(median <"$work/polars.$name")
  awk -v n="$name" -v o="$o" -v p="$p" -v q="$q" \
    'BEGIN { printf "| %s | %.3f | %.3f | %.3f | %.2f | %.2f |\n", n, o, p, q, p / o, q / o }'
done
