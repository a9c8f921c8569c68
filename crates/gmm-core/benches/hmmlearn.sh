#!/usr/bin/env bash
# Hidden Markov models side by side in one run: 100,000 x 4 numbers of a chain of 8 states, steps of EM from one start
# that hmmlearn.py describes, then the log-likelihood, the best path and the probabilities of the states, here and by
# hmmlearn's two implementations, by turns. Prints the median seconds of each and the log-likelihoods, which must agree.
#
#     bash crates/gmm-core/benches/hmmlearn.sh [REPEATS] [ITERATIONS]      needs Python with hmmlearn ($PYTHON)
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
repeats=${1:-5}
iterations=${2:-10}
states=8
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$root"
ours=$(cargo build --quiet --release -p gmm-core --example hmm_steps --message-format json |
  grep '"name":"hmm_steps"' | sed 's/.*"executable":"\([^"]*\)".*/\1/')
theirs=("$python" -P crates/gmm-core/benches/hmmlearn.py)
"${theirs[@]}" make "$work/x.npy"

for _ in $(seq "$repeats"); do
  "$ours" "$work/x.npy" "$states" "$iterations" >>"$work/ours"
  RAYON_NUM_THREADS=1 "$ours" "$work/x.npy" "$states" "$iterations" >>"$work/single"
  for implementation in log scaling; do
    "${theirs[@]}" "$work/x.npy" "$states" "$iterations" "$implementation" >>"$work/$implementation"
  done
done

median() { cut -d' ' -f"$2" "$work/$1" | sort -g | awk '{ s[NR] = $1 } END { print (s[int((NR + 1) / 2)] + s[int(NR / 2) + 1]) / 2 }'; }
echo "| | a step, s | score, s | best path, s | posteriors, s | log-likelihood | of the best path |"
echo "|---|---|---|---|---|---|---|"
while IFS=: read -r file name; do
  read -r _ _ _ _ likelihood best <"$work/$file"
  printf '| %s | %.4f | %.4f | %.4f | %.4f | %s | %s |\n' "$name" "$(median "$file" 1)" "$(median "$file" 2)" \
    "$(median "$file" 3)" "$(median "$file" 4)" "$likelihood" "$best"
done <<'NAMES'
ours:here
single:here, one thread
log:hmmlearn, log
scaling:hmmlearn, scaling
NAMES
