#!/usr/bin/env bash
# Checks variants against the bit-by-bit model: ./test.sh [variant ...]
set -euo pipefail
cd "$(dirname "$0")"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
[ $# -gt 0 ] || set -- ring8 shift sum select select2 aligned memory cslow rtl
for variant; do
  for width in 64 32; do
    emitted=()
    if [ "$variant" = rtl ]; then
      cargo run -q -p dqa-hdl --example lane-decoder-verilog "$width" >"$build/emitted.v"
      emitted=("$build/emitted.v")
    fi
    verilator --cc --exe --build -O3 -Wno-fatal -Wno-WIDTH -Wno-UNOPTFLAT --top-module lane \
      -GW=$width -CFLAGS "-O2 -DWORD=$width -D${variant^^}" --Mdir "$build/$variant$width" \
      wide.v feed.v compare.v "$variant.v" "${emitted[@]}" \
      "$PWD/test.cpp" >"$build/log" 2>&1 || { cat "$build/log"; exit 1; }
    echo "$variant, W = $width: $("$build/$variant$width/Vlane")"
  done
done
