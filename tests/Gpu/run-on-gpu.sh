#!/usr/bin/env bash
# Checks and measures the CUDA backend on a machine with a GPU, in one go, and prints a table.
#   tests/Gpu/run-on-gpu.sh publish FOLDER           where there is .NET: one self-contained program for linux-x64, with this script and the shipped model,
#                                                    and all of it in FOLDER.tar.xz, which is small enough to travel with the sources
#   tests/Gpu/run-on-gpu.sh from ARCHIVE [PART...]   where there is a GPU, and perhaps neither .NET nor a network: unpacks it, and runs what is in it
#   FOLDER/run-on-gpu.sh [PART...]                   the same, where it is unpacked
# The parts, all of them by default: verify, sanitize, and shapes with random weights to measure: qwen3-0.6b, llama-3-8b.
# What fails or takes too long does not keep the rest from being measured; the exit code tells of it.
#   RESULTS=folder   logs and JSON files go there (default: results beside this script, or beside the archive)
#   STORIES=folder   a model with a reference.json to verify, too; given to 'publish', it goes along
#   BENCH=options    more options of 'bench cuda', such as sizes for a smaller device
#   TOTAL=seconds    that all of it may take (default 560): what does not fit any more is left out, and said to be
#   LIMIT=seconds    that one command may take (default 160)
#   DOTNET=command   that 'publish' uses (default dotnet)
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
most=$((45 << 20))

# What a folder has, in an archive: smaller than the program's own compression makes it.
pack() {
    tar -C "$1" -cf - . | xz -T0 -8 >"$2"
}

# A machine without xz may have Python.
unpack() {
    if command -v xz >/dev/null; then
        xz -dc "$1" | tar -C "$2" -xf -
    else
        python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)' "$1" | tar -C "$2" -xf -
    fi
}

if [ "${1:-}" = publish ]; then
    target=${2:?Which folder?}
    # The analyzer minds commands that begin a process of their own program by its file; those for a GPU do not.
    ${DOTNET:-dotnet} publish "$here/../../src/Host/ActorInference.Host.csproj" -c Release -r linux-x64 --self-contained \
        -p:PublishSingleFile=true -p:EnableCompressionInSingleFile=false -p:IncludeNativeLibrariesForSelfExtract=true -p:SatelliteResourceLanguages=en \
        -p:EnableSingleFileAnalyzer=false -p:PublishReadyToRun=false -p:DebugType=none -o "$target" || exit 1
    rm -f "$target"/*.xml "$target"/*.pdb
    cp "$here/run-on-gpu.sh" "$here/compare_torch.py" "$target/" || exit 1
    if [ -n "${STORIES:-}" ]; then mkdir -p "$target/models/stories" && cp "$STORIES"/* "$target/models/stories/" || exit 1; fi
    pack "$target" "$target.tar.xz" || exit 1
    bytes=$(stat -c %s "$target.tar.xz")
    echo "$target.tar.xz: $((bytes >> 20)) MiB"
    [ "$bytes" -lt "$most" ] || { echo "expected less than $((most >> 20)) MiB"; exit 1; }
    exit 0
fi

if [ "${1:-}" = pack ]; then
    pack "${2:?Which folder?}" "${3:?Which archive?}"
    exit
fi

if [ "${1:-}" = from ]; then
    archive=$(realpath "${2:?Which archive?}")
    unpacked=$(mktemp -d) || exit 1
    trap 'rm -rf "$unpacked"' EXIT
    unpack "$archive" "$unpacked" || { echo "$archive cannot be unpacked"; exit 1; }
    RESULTS=${RESULTS:-$(dirname "$archive")/results} bash "$unpacked/run-on-gpu.sh" "${@:3}"
    exit
fi

program=$here/actorinference
[ -x "$program" ] || { echo "$program is missing: run 'tests/Gpu/run-on-gpu.sh publish FOLDER' where there is .NET, and this script from there"; exit 1; }
results=${RESULTS:-$here/results}
mkdir -p "$results" || exit 1
STORIES=${STORIES:-$([ -d "$here/models/stories" ] && echo "$here/models/stories")}

# Where the weights of the largest shape have room, in memory if that has it: no disk has to take them then.
roomy() {
    local folder kib
    for folder in /dev/shm "${TMPDIR:-/tmp}"; do
        kib=$(df -Pk "$folder" 2>/dev/null | awk 'NR == 2 { print $4 }')
        if [ -w "$folder" ] && [ "${kib:-0}" -ge $((24 << 20)) ]; then
            [ "$folder" != /dev/shm ] || [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -ge $((64 << 20)) ] || continue
            echo "$folder"
            return
        fi
    done
    echo "${TMPDIR:-/tmp}"
}
work=$(mktemp -d -p "$(roomy)") || exit 1
trap 'rm -rf "$work"' EXIT
export HOME=${HOME:-$work}
export DOTNET_BUNDLE_EXTRACT_BASE_DIR=${DOTNET_BUNDLE_EXTRACT_BASE_DIR:-$work/bundle}
status=0

# The libraries may be where CUDA's toolkit or Python's packages have them and nobody else looks. They are for this program alone: Python's libraries find their own,
# which may be of another version.
python=$(command -v python3 || true)
libraries=${LD_LIBRARY_PATH:-}
add_library_folder() {
    case ":$libraries:" in *":$1:"*) return ;; esac
    if [ -d "$1" ] && compgen -G "$1/$2*" >/dev/null; then libraries=${libraries:+$libraries:}$1; fi
}
folders=(/usr/local/nvidia/lib64 /usr/local/cuda/lib64 /usr/local/cuda/targets/x86_64-linux/lib)
if [ -n "$python" ]; then
    while IFS= read -r folder; do folders+=("$folder"); done < <("$python" -c '
import glob, sysconfig
for root in {sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"]}:
    for folder in sorted(glob.glob(root + "/nvidia/*/lib"), reverse=True): print(folder)' 2>/dev/null)
fi
for folder in "${folders[@]}"; do
    for library in libcuda.so.1 libnvrtc.so. libcublasLt.so. libnccl.so.2; do add_library_folder "$folder" "$library"; done
done
with_libraries=()
if [ -n "$libraries" ]; then with_libraries=(env "LD_LIBRARY_PATH=$libraries"); fi
export XDG_DATA_HOME=${XDG_DATA_HOME:-$work/data}

# Runs a command, by itself for no longer than it may take, and than is left of all; its words are kept.
summary=()
part() {
    local name=$1 start=$SECONDS limit=${LIMIT:-160} left=$((${TOTAL:-560} - SECONDS))
    shift
    [ "$left" -ge "$limit" ] || limit=$left
    if [ "$limit" -lt 5 ]; then
        summary+=("$name: left out, the time is used up")
        echo "-- ${summary[-1]}" | tee -a "$results/log.txt"
        status=1
        return 124
    fi
    echo "== $name" | tee -a "$results/log.txt"
    timeout --kill-after=10 "$limit" "$@" 2>&1 | tee -a "$results/log.txt"
    local code=${PIPESTATUS[0]} outcome=done
    case $code in
        0) ;;
        124 | 137) outcome="given up after $limit s" ;;
        *) outcome="failed with $code" ;;
    esac
    summary+=("$name: $outcome, $((SECONDS - start)) s")
    echo "-- ${summary[-1]}" | tee -a "$results/log.txt"
    [ "$code" = 0 ] || status=1
    return "$code"
}

# What is not there is said, and no failure.
absent() {
    summary+=("$1")
    echo "== $1" | tee -a "$results/log.txt"
}

verify() {
    part "reference cases of the shipped model, token by token" "${with_libraries[@]}" "$program" bench cuda --model "$here/models/demo" --verify
    part "the same, launches overlapping" "${with_libraries[@]}" "$program" bench cuda --model "$here/models/demo" --verify --overlap-launches
    if [ -n "${STORIES:-}" ]; then part "reference cases of $STORIES" "${with_libraries[@]}" "$program" bench cuda --model "$STORIES" --verify; fi
}

sanitize() {
    local sanitizer
    sanitizer=$(command -v compute-sanitizer || compgen -G '/usr/local/cuda*/bin/compute-sanitizer' | head -n 1 || true)
    if [ -z "$sanitizer" ]; then
        absent "compute-sanitizer is not installed: not checked"
        return
    fi
    for tool in memcheck racecheck; do
        part "compute-sanitizer $tool" "${with_libraries[@]}" "$sanitizer" --tool "$tool" --error-exitcode 9 --print-limit 10 "$program" bench cuda --model "$here/models/demo" --verify
    done
}

# Whether there is a PyTorch to compare with, and why not. The first time it is loaded can take long, and is nobody's measurement.
torch=unknown torch_missing=''
find_torch() {
    [ "$torch" = unknown ] || return 0
    torch=''
    if [ -z "$python" ]; then
        torch_missing='there is no python3'
        return
    fi
    torch_missing=$(timeout 100 "$python" -c '
import sys
for name in "torch", "transformers":
    try: __import__(name)
    except Exception as missing: sys.exit(f"{name} cannot be loaded: {missing!r}"[:200])
import torch
if not torch.cuda.is_available(): sys.exit("torch finds no CUDA device")' 2>&1 >/dev/null | tail -n 1) && torch=yes
    torch_missing=${torch_missing:-it took too long to load}
}

# A shape: a name that 'model random' knows, or 'custom' with its options after it, separated by '+'.
measure() {
    local shape=$1 options=() measured=()
    local name=${shape//[^A-Za-z0-9.-]/_}
    IFS='+' read -r -a options <<<"$shape"
    if part "$shape: random weights, BF16" "$program" model random --shape "${options[@]}" --dtype bf16 --out "$work/$name"; then
        # shellcheck disable=SC2086  # BENCH is several options.
        part "$shape" "${with_libraries[@]}" "$program" bench cuda --model "$work/$name" --out "$results/$name.json" --overlap-launches ${BENCH:-}
        if [ -f "$results/$name.json" ]; then measured=(--beside "$results/$name.json"); fi
        find_torch
        if [ -z "$torch" ]; then
            absent "$shape: not compared with PyTorch: $torch_missing"
        else
            part "$shape: PyTorch" "$python" "$here/compare_torch.py" "$work/$name" "$results/$name-torch.json" "${measured[@]}"
        fi
    fi
    rm -rf "${work:?}/$name"
}

: >"$results/log.txt"
part devices "${with_libraries[@]}" "$program" devices
grep -q '^cuda:0 .*: usable' "$results/log.txt" || { echo "there is no usable GPU"; exit 1; }
if command -v nvidia-smi >/dev/null; then nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.sm,clocks.mem --format=csv 2>&1 | tee -a "$results/log.txt"; fi

# What matters most comes first: whatever is left over when the time is used up is said to be so.
[ $# -gt 0 ] || set -- verify qwen3-0.6b llama-3-8b sanitize
for wanted in "$@"; do
    case $wanted in
        verify | sanitize) "$wanted" ;;
        *) measure "$wanted" ;;
    esac
done
{
    echo "== in short"
    printf '%s\n' "${summary[@]}"
    grep -h -E '^case |  goal |^not measured|times PyTorch|ERROR SUMMARY|RACECHECK SUMMARY' "$results/log.txt"
} | tee "$results/short.txt"
echo "== all results: $results, after $SECONDS s"
exit $status
