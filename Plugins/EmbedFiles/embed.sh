#!/bin/sh
# embed.sh OUTPUT [CONSTANT FOLDER]...  writes one Swift file with every text file of the folders.
# The file is replaced only when its text changes: an untouched one keeps null builds fast.
set -eu
output=$1
shift
mkdir -p "$(dirname "$output")"
temporary=$output.tmp
{
  echo 'enum EmbeddedFiles {'
  while [ $# -ge 2 ]; do
    printf '  static let %s: [(path: String, text: String)] = [\n' "$1"
    (cd "$2" && find . -type f ! -name '.*' | LC_ALL=C sort) | while read -r file; do
      printf '("%s", ####"""\n' "${file#./}"
      cat "$2/$file"
      printf '\n"""####),\n'
    done
    echo '  ]'
    shift 2
  done
  echo '}'
} >"$temporary"
if cmp -s "$temporary" "$output"; then rm "$temporary"; else mv "$temporary" "$output"; fi
