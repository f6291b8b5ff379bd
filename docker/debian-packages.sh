#!/usr/bin/env bash
# Installs what Debian 12 lacks, and nothing that is there already.
#   docker/debian-packages.sh build|run|demo|test …
set -euo pipefail

build="ca-certificates clang libclang-dev libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev
       libavutil-dev libswresample-dev libswscale-dev gcc libc6-dev make pkg-config"
run="ca-certificates libavcodec59 libavformat59 libavutil57 libswresample4 libswscale6"
demo="ffmpeg"
test="ffmpeg chromium fonts-noto-cjk python3 python3-pip curl shellcheck"

wanted=""
for set in "$@"; do
    case "$set" in
        build) wanted="$wanted $build" ;;
        run) wanted="$wanted $run" ;;
        demo) wanted="$wanted $demo" ;;
        test) wanted="$wanted $test" ;;
        *) echo "debian-packages.sh: unknown set '$set'; say build, run, demo or test" >&2; exit 2 ;;
    esac
done

missing=""
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
    [ "${state:0:2}" = ii ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "This is not Debian. Please install by hand what these packages hold:$missing" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "Run as root, or install sudo; missing:$missing" >&2; exit 1; }
    as_root=sudo
fi
echo "installing:$missing"
$as_root apt-get update -q
# shellcheck disable=SC2086  # a list of words is meant
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
