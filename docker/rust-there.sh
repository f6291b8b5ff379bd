#!/usr/bin/env bash
# Says whether the Rust that the workspace asks for is there, or how to get it.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
    echo "Rust is installed but not on the PATH: run  . \"\$HOME/.cargo/env\"  and start again" >&2
    exit 1
fi
if ! command -v cargo >/dev/null; then
    echo "Rust $wanted or later is needed. Install rustup from https://rustup.rs and start again" >&2
    exit 1
fi
has=$(cargo --version | cut -d' ' -f2)
oldest=$(printf '%s\n%s\n' "$wanted" "$has" | sort -V | head -n 1)
if [ "$oldest" != "$wanted" ]; then
    echo "Rust $wanted or later is needed, this is $has. Run  rustup update stable  and start again" >&2
    exit 1
fi
