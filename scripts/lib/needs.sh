# shellcheck shell=bash
# What Ong needs from the machine: each need is probed, and what fails is installed in one apt run.
# Sourced by scripts/run, scripts/test and .ci/run.
#
# A need is probed by what is used of it (a header, a program, a font), not by a package's name, so
# that PostgreSQL from another source or an own build of libcurl serves as well.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root minimum_swift=6.3
readonly minimum_postgresql=14

say() { printf '==> %s\n' "$*" >&2; }

# die SENTENCE REMEDY...  names the unmet need and what to do about it.
die() {
  printf '\nerror: %s\n' "$1" >&2
  shift
  for remedy in "$@"; do printf '  fix: %s\n' "$remedy" >&2; done
  exit 1
}

# at_least VERSION MINIMUM  compares dotted versions.
at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# The folder with the PostgreSQL server's programs, newest first; nothing where there is none.
# Same order as the program: PG_BIN, then pg_config, then Debian's folders.
server_programs() {
  local folder
  for folder in "${PG_BIN:-}" "$(pg_config --bindir 2>/dev/null || true)" \
    $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
    if [ -n "$folder" ] && [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ]; then
      echo "$folder"
      return 0
    fi
  done
  return 1
}

has_header() { pkg-config --exists "$1" 2>/dev/null; }
has_font() { fc-list : family 2>/dev/null | grep -qi "$1"; }
has_php_pgsql() { command -v php >/dev/null && php -m 2>/dev/null | grep -qix pdo_pgsql; }
has_browser() { command -v chromium >/dev/null || [ -d "$PLAYWRIGHT_BROWSERS_PATH" ]; }
has_faketime() { compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null; }
has_venv() { python3 -c 'import venv, ensurepip' 2>/dev/null; }

# unmet_packages run|test  prints the Debian packages whose need is unmet.
unmet_packages() {
  command -v git >/dev/null || echo git
  command -v pkg-config >/dev/null || echo pkg-config
  has_header libpq || echo libpq-dev
  has_header simdjson || echo libsimdjson-dev
  has_header libcurl || echo libcurl4-openssl-dev
  has_header libsodium || echo libsodium-dev
  has_header pangocairo || echo libpango1.0-dev
  has_header cairo-pdf || echo libcairo2-dev
  command -v fc-list >/dev/null || echo fontconfig
  has_font Tinos || echo fonts-croscore
  [ -e /usr/share/zoneinfo/Asia/Ho_Chi_Minh ] || echo tzdata
  command -v setpriv >/dev/null || echo util-linux
  server_programs >/dev/null || echo postgresql
  [ "$1" = test ] || return 0
  command -v pdftotext >/dev/null || echo poppler-utils
  command -v spin >/dev/null || echo spin
  has_faketime || echo libfaketime
  [ -x "$(PATH=$PATH:/usr/sbin:/sbin command -v ip)" ] || echo iproute2
  [ -x "$(PATH=$PATH:/usr/sbin:/sbin command -v pgbouncer)" ] || echo pgbouncer
  command -v cc >/dev/null || echo gcc
  command -v php >/dev/null || echo php-cli
  has_php_pgsql || echo php-pgsql
  command -v python3 >/dev/null || echo python3
  has_python_modules || has_venv || echo python3-venv
}

need_swift() {
  command -v swift >/dev/null || die "swift was not found in PATH." \
    "install Swift $minimum_swift or newer from https://www.swift.org/install/linux/ and open a new shell"
  local said version
  said=$(swift --version 2>&1) || die "'swift --version' does not work: ${said%%$'\n'*}" \
    "install the packages that https://www.swift.org/install/linux/ lists for this system"
  version=$(sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' <<<"$said")
  at_least "$version" "$minimum_swift" ||
    die "Swift $version is too old: Ong needs $minimum_swift or newer." \
      "install it from https://www.swift.org/install/linux/"
}

# as_root COMMAND...  runs it as root: directly, or with sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

may_become_root() {
  [ "$(id -u)" = 0 ] && return 0
  command -v sudo >/dev/null || return 1
  # Where nobody can type a password, sudo must not ask for one.
  [ -t 0 ] || sudo -n true 2>/dev/null
}

# need_packages run|test  installs what is missing; does nothing, quickly, when nothing is.
need_packages() {
  local missing=()
  mapfile -t missing < <(unmet_packages "$1")
  if [ ${#missing[@]} -gt 0 ]; then
    install_packages "${missing[@]}"
    mapfile -t missing < <(unmet_packages "$1")
    [ ${#missing[@]} = 0 ] || die "still not usable after the installation: ${missing[*]}" \
      "see what 'apt-cache policy ${missing[*]}' and 'pkg-config --exists --print-errors NAME' say"
  fi
  need_postgresql_version
}

install_packages() {
  command -v apt-get >/dev/null || die "this system has no apt-get, and these are missing: $*" \
    "install what these Debian packages hold with your own package manager, then run this again"
  may_become_root || die "these packages are missing and cannot be installed from here: $*" \
    "run as root, or let this user use sudo" \
    "or have an administrator run: apt-get install --no-install-recommends $*"
  say "Installing $*"
  local log
  log=$(mktemp)
  no_system_cluster "$@"
  # The lists are refreshed only when they do not do: on most machines they are recent enough.
  if ! apt_install "$@" >"$log" 2>&1 && ! { apt_update && apt_install "$@"; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    die "apt-get could not install: $*" \
      "check the network and the package sources (its last lines stand above)" \
      "or run by hand: apt-get update && apt-get install --no-install-recommends $*"
  fi
  rm -f "$log"
  system_cluster_again
}

readonly apt_options=(-q -y -o DPkg::Lock::Timeout=300)
apt_update() { as_root env DEBIAN_FRONTEND=noninteractive apt-get "${apt_options[@]}" update; }
apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get "${apt_options[@]}" install --no-install-recommends "$@"
}

# Debian's PostgreSQL package would create and start a cluster of the machine's own. Ong runs its
# server itself, so the package is told not to, for this one installation only.
readonly cluster_setting=/etc/postgresql-common/createcluster.d/ong-installs.conf
no_system_cluster() {
  [[ " $* " == *" postgresql "* ]] || return 0
  trap system_cluster_again EXIT
  as_root mkdir -p "${cluster_setting%/*}"
  echo 'create_main_cluster = false' | as_root tee "$cluster_setting" >/dev/null
}
system_cluster_again() {
  if [ -e "$cluster_setting" ]; then as_root rm -f "$cluster_setting"; fi
  trap - EXIT
}

need_postgresql_version() {
  local folder version
  folder=$(server_programs)
  version=$("$folder/postgres" --version | sed 's/[^0-9]*\([0-9.]*\).*/\1/')
  at_least "$version" "$minimum_postgresql" ||
    die "PostgreSQL $version in $folder is too old: Ong needs $minimum_postgresql or newer." \
      "install a newer one, or name its programs: PG_BIN=/path/to/bin $0"
}

# The Python modules the tests use: the machine's own if they are there, else a venv beside the
# build, which also serves systems that let nobody install into their Python (PEP 668).
has_python_modules() { python3 -c 'import aiosmtpd, playwright, psycopg' 2>/dev/null; }

need_python_modules() {
  local venv=$root/.build-python
  [ ! -x "$venv/bin/python3" ] || PATH=$venv/bin:$PATH
  if ! has_python_modules; then
    say "Installing the Python modules of the tests into ${venv##*/}/"
    python3 -m venv "$venv" || die "python3 could not make a virtual environment in $venv." \
      "install python3-venv"
    PATH=$venv/bin:$PATH
    pip install --quiet --requirement "$root/Tests/python-requirements.txt" ||
      die "pip could not install Tests/python-requirements.txt." "check the network or the pip index"
  fi
  export PATH
}

# Debian packages Chromium; Ubuntu has it only as a snap, there Playwright fetches its own browser.
need_browser() {
  export PLAYWRIGHT_BROWSERS_PATH=${PLAYWRIGHT_BROWSERS_PATH:-$root/.build-python/browsers}
  has_browser && return 0
  if [ "$(. /etc/os-release && echo "$ID")" = debian ]; then
    install_packages chromium
    return 0
  fi
  say "Fetching a browser for the tests of the pages"
  if ! as_root "$(command -v python3)" -m playwright install-deps chromium >/dev/null ||
    ! python3 -m playwright install chromium; then
    die "Playwright could not fetch a browser." "check the network, or install chromium"
  fi
}

# explain_build_failure  called after `swift build` failed; the compiler's words stand above.
explain_build_failure() {
  if [ ! -d "$root/.build/checkouts" ] || ! ls "$root"/.build/checkouts/*/Package.swift >/dev/null 2>&1
  then
    die "the Swift packages could not be fetched." \
      "the first build needs the network to reach github.com; check it and run this again"
  fi
  die "the build failed; the compiler's messages stand above." \
    "after an upgrade of Swift or a broken build, remove the folder .build and run this again"
}
