#!/usr/bin/env bash
# Checks and measures the CUDA backend on a machine with a GPU, in one go, and prints a table.
#   tests/Gpu/run-on-gpu.sh publish FOLDER   where there is .NET: one self-contained program for linux-x64, with this script and the shipped model
#   FOLDER/run-on-gpu.sh                     where there is a GPU, and perhaps neither .NET nor a network
# SHAPES names the models with random weights that are measured (default: qwen3-0.6b llama-3-8b).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if [ "${1:-}" = publish ]; then
    target=${2:?Which folder?}
    dotnet publish "$here/../../src/Host/ActorInference.Host.csproj" -c Release -r linux-x64 --self-contained \
        -p:PublishSingleFile=true -p:EnableCompressionInSingleFile=true -p:IncludeNativeLibrariesForSelfExtract=true \
        -p:DebugType=none -p:GenerateDocumentationFile=false -o "$target"
    cp "$0" "$target/run-on-gpu.sh"
    bytes=$(du -sb "$target" | cut -f1)
    echo "$target: $((bytes >> 20)) MiB"
    [ "$bytes" -lt $((60 << 20)) ] || { echo "expected less than 60 MiB"; exit 1; }
    exit 0
fi

program=$here/actorinference
[ -x "$program" ] || { echo "$program is missing: run '$0 publish FOLDER' where there is .NET, and this script from there"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

echo "== devices"
"$program" devices
"$program" devices | grep -q '^cuda:0 .*: usable' || { echo "there is no usable GPU"; exit 1; }

echo "== the shipped model's reference cases, token by token"
"$program" bench cuda --model "$here/models/demo" --verify || status=1
if [ -n "${STORIES:-}" ]; then "$program" bench cuda --model "$STORIES" --verify || status=1; fi

if command -v compute-sanitizer >/dev/null; then
    echo "== compute-sanitizer"
    compute-sanitizer --error-exitcode 9 "$program" bench cuda --model "$here/models/demo" --verify || status=1
else
    echo "== compute-sanitizer is not installed: not checked"
fi

for shape in ${SHAPES:-qwen3-0.6b llama-3-8b}; do
    echo "== $shape, BF16, random weights"
    "$program" model random --shape "$shape" --dtype bf16 --out "$work/$shape" >/dev/null
    "$program" bench cuda --model "$work/$shape" || status=1
    rm -rf "${work:?}/$shape"
done
exit $status
