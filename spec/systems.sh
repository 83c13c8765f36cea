#!/bin/sh
# The suite on other systems, each in a Debian made by debootstrap: for maintainers, as root on Debian, with network.
# usage: spec/systems.sh [SYSTEM...]     SYSTEMS=FOLDER: where the systems are made and kept (default: build/systems)
#   debian13   `make demo` and `make test`, word for word, on a machine that has git and make only
#   debian12   the same
#   i386       Debian 13 with 32 bits: build, C tests, Lua suite, `make demo`
#   s390x      Debian 12, big-endian, under qemu: build, C tests, `make demo`
# Packages come from MIRROR, by default that of this system. Writes FOLDER/SYSTEM.log, and prints for each system its
# versions and the closing lines.
set -u
cd "$(dirname "$0")/.." || exit 1
systems=${SYSTEMS:-$PWD/build/systems}
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep 'debian/*$' | head -n 1)}
[ $# -gt 0 ] || set -- debian13 debian12 i386 s390x
failed=0

[ "$(id -u)" -eq 0 ] || { echo "spec/systems.sh: root is needed for debootstrap and chroot" >&2; exit 1; }
mkdir -p "$systems"
missing=
command -v debootstrap >/dev/null 2>&1 || missing="debootstrap"
case " $* " in *" s390x "*) command -v qemu-s390x-static >/dev/null 2>&1 || missing="$missing qemu-user-static binfmt-support" ;; esac
# shellcheck disable=SC2086
[ -z "$missing" ] || apt-get install -y --no-install-recommends $missing || exit 1

# The kernel runs programs of s390x by qemu once that is registered, which a container may have left out.
register_qemu() {
  folder=/proc/sys/fs/binfmt_misc
  [ -e $folder/register ] || mount -t binfmt_misc binfmt_misc $folder || return
  [ -e $folder/qemu-s390x ] || update-binfmts --enable qemu-s390x
}
case " $* " in *" s390x "*) register_qemu || exit 1 ;; esac

suite() { # SYSTEM
  case $1 in
  debian13 | i386) echo trixie ;;
  debian12 | s390x) echo bookworm ;;
  *) echo "spec/systems.sh: unknown system $1" >&2; return 1 ;;
  esac
}

architecture() { # SYSTEM
  case $1 in
  i386 | s390x) echo "$1" ;;
  *) dpkg --print-architecture ;;
  esac
}

# Debian 13 has an i386 without a kernel, which a chroot does not need.
make_root() { # SYSTEM
  root=$systems/$1
  [ ! -e "$root/ready" ] || return 0
  rm -rf "$root"
  if ! debootstrap --arch="$(architecture "$1")" --variant=minbase --include=git,make,ca-certificates "$(suite "$1")" \
    "$root" "$mirror"; then
    return 1
  fi
  # Certificates that the administrator of this machine added, as for a proxy that opens TLS.
  cp -R /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" &&
    chroot "$root" update-ca-certificates && touch "$root/ready"
}

# Runs a command in a root, with processes and mounts of its own, which end with it.
inside() { # SYSTEM COMMAND
  # shellcheck disable=SC2016
  unshare -m -p -f sh -c 'mount --make-rprivate / && mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" &&
    exec chroot "$1" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
      NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt sh -c "$2"' sh "$systems/$1" "cd /root/cloudaudit && $2"
}

# A fresh clone of what is committed here.
clone() { # SYSTEM
  rm -rf "$systems/$1/root/cloudaudit" && git clone -q --no-hardlinks . "$systems/$1/root/cloudaudit"
}

work() { # SYSTEM
  case $1 in
  debian12 | debian13) inside "$1" 'make demo && make test' ;;
  # The Lua suite alone: hosts such as nginx are the same code.
  i386) inside "$1" 'make demo && .ci/deps build test 5.4 && spec/run build:5.4 c:5.4 lua:5.4' ;;
  s390x) inside "$1" 'make demo && .ci/deps build test 5.4 && spec/run build:5.4 c:5.4' ;;
  esac
}

versions() { # SYSTEM
  inside "$1" 'echo "$(. /etc/os-release && echo "$PRETTY_NAME") $(dpkg --print-architecture):" \
    "$(gcc --version | head -n 1 | grep -o "[0-9.]*$")" gcc, "$(openssl version | cut -d" " -f2)" OpenSSL, \
    "$(curl-config --version 2>/dev/null || curl --version | head -n 1 | cut -d" " -f2)", "$(lua5.4 -v | cut -d" " -f2)" Lua'
}

for system in "$@"; do
  suite "$system" >/dev/null || exit 2
  echo "== $system: $systems/$system.log"
  if make_root "$system" >"$systems/$system.log" 2>&1 && clone "$system" && work "$system" >>"$systems/$system.log" 2>&1; then
    status=passed
  else
    status=failed
    failed=1
  fi
  versions "$system" 2>/dev/null
  tail -n 2 "$systems/$system.log"
  echo "   $status"
done
exit $failed
