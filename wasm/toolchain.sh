#!/bin/bash
# toolchain.sh: installs what `deno task build:wasm` compiles with, on Debian, without rustup and without root's home.
#
#   1. Debian's rustc, cargo and Rust sources for WebAssembly, and the linker     (apt)
#   2. the standard library for wasm32-unknown-unknown, built from those sources  .toolchain/sysroot-st
#      and wrappers that make plain `rustc` and `cargo` use it                     .toolchain/bin-st
#   3. wasm-bindgen and wasm-pack at the versions pinned below                     .toolchain/bin
#
# Each step is skipped when its result is already there. `toolchain.sh mt` builds the library with atomics (for threads)
# into sysroot-mt and bin-mt instead, `toolchain.sh scalar` without vectors (for measurements) into sysroot-scalar and
# bin-scalar. HYMBA_TOOLCHAIN names another folder than .toolchain. Debian replaces compiler versions in place, so the
# sysroot carries the compiler's version in its stamp and is rebuilt when that changes.
set -euo pipefail

KIND=${1:-st}
WASM_PACK=0.15.1
# Equal to the `wasm-bindgen = "=..."` of wasm/Cargo.toml: the two speak a private format.
WASM_BINDGEN=$(sed -nE 's/^wasm-bindgen *=.*"=([0-9.]+)".*/\1/p' "$(dirname "$0")/Cargo.toml")
PACKAGES=(rustc-web cargo-web rust-web-src rust-web-llvm lld-22 gcc libc6-dev)
TARGET=wasm32-unknown-unknown
RUSTC=/usr/bin/rustc
CARGO=/usr/bin/cargo
ROOT=$(realpath -m "${HYMBA_TOOLCHAIN:-$(dirname "$0")/../.toolchain}")

FEATURES=+simd128,+bulk-memory,+mutable-globals,+nontrapping-fptoint,+sign-ext
case $KIND in
  st) ;;
  mt) FEATURES=$FEATURES,+atomics ;;
  scalar) FEATURES=${FEATURES#+simd128,} ;;
  *) echo "Cannot build the standard library \"$KIND\": expected st, mt or scalar" >&2; exit 2 ;;
esac

install_packages() {
  dpkg -s "${PACKAGES[@]}" >/dev/null 2>&1 && return
  if ! command -v apt-get >/dev/null; then
    echo "Cannot install ${PACKAGES[*]}: apt-get is not found, expected a Debian system" >&2
    echo "remedy: build on Debian 12 or later, for example in a container; using the package needs no build" >&2
    exit 1
  fi
  local as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=500 install -q -y --no-install-recommends "${PACKAGES[@]}"
}

# Cargo builds the standard library only along with a crate, so an empty one stands in for it; its dependencies come from
# the vendored copies beside the sources, which is why no registry is asked.
build_sysroot() {
  local host_libs sources stamp sysroot work
  sources=$($RUSTC --print sysroot)/lib/rustlib/src/rust/library
  host_libs=$($RUSTC --print sysroot)/lib/rustlib/$($RUSTC -vV | sed -n 's/^host: //p')
  sysroot=$ROOT/sysroot-$KIND
  stamp=$sysroot/stamp-$($RUSTC -V | tr ' ()' '___')
  if [ ! -e "$stamp" ]; then
    work=$(mktemp -d)
    mkdir -p "$work/src"
    : >"$work/src/lib.rs"
    cat >"$work/Cargo.toml" <<EOF
[package]
name = "empty"
version = "0.0.0"
edition = "2021"
[profile.release]
codegen-units = 1
panic = "abort"
EOF
    cat >"$work/vendor.toml" <<EOF
[source.crates-io]
replace-with = "vendor"
[source.vendor]
directory = "$sources/vendor"
EOF
    (
      cd "$work"
      env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS RUSTC=$RUSTC RUSTC_BOOTSTRAP=1 CARGO_HOME="$work/home" \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Ctarget-feature=$FEATURES -Cembed-bitcode=yes --remap-path-prefix=$sources=std" \
        $CARGO build --release --offline --target $TARGET --target-dir "$work/target" --config "$work/vendor.toml" \
        -Z build-std=std,panic_abort
    )
    rm -rf "$sysroot"
    mkdir -p "$sysroot/lib/rustlib/$TARGET/lib"
    cp "$work/target/$TARGET/release/deps/"*.rlib "$sysroot/lib/rustlib/$TARGET/lib/"
    rm -f "$sysroot/lib/rustlib/$TARGET/lib/"libempty-* && rm -rf "$work"
    ln -s "$host_libs" "$sysroot/lib/rustlib/"
    touch "$stamp"
  fi
  mkdir -p "$ROOT/bin-$KIND"
  printf '#!/bin/sh\nexec %s --sysroot %s "$@"\n' $RUSTC "$sysroot" >"$ROOT/bin-$KIND/rustc"
  printf '#!/bin/sh\nRUSTC=%s/rustc exec %s "$@"\n' "$ROOT/bin-$KIND" $CARGO >"$ROOT/bin-$KIND/cargo"
  chmod +x "$ROOT/bin-$KIND/"*
}

# Unoptimised: both tools run for a second or two on a small crate, and would take minutes to optimise.
install_tool() { # command crate version [cargo install options]
  local command=$1 crate=$2 version=$3
  shift 3
  [ "$("$ROOT/bin/$command" --version 2>/dev/null)" = "$command $version" ] && return
  env -u RUSTFLAGS RUSTC=$RUSTC CARGO_TARGET_DIR="$ROOT/target" CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 $CARGO install "$crate" --version "$version" --locked --root "$ROOT" "$@"
}

if [ -z "$WASM_BINDGEN" ]; then
  echo 'Cannot tell which wasm-bindgen to install: wasm/Cargo.toml names none, expected wasm-bindgen = "=X.Y.Z"' >&2
  exit 1
fi
install_packages
build_sysroot
install_tool wasm-bindgen wasm-bindgen-cli "$WASM_BINDGEN" --no-default-features --bin wasm-bindgen
install_tool wasm-pack wasm-pack "$WASM_PACK"
rm -rf "$ROOT/target"
