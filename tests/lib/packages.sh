# packages — installs Debian packages that are missing, without starting their services.
# Sourced by tests/run and deploy/demo.

BUILD_PACKAGES="build-essential cmake ninja-build pkg-config libuv1-dev libsodium-dev \
libmsgpack-dev libjansson-dev libldns-dev libinih-dev libcurl4-openssl-dev libxml2-dev"
LAB_PACKAGES="python3 iproute2 nftables knot knot-dnsutils"
TEST_PACKAGES="systemd bind9 bind9-utils bind9-dnsutils rsyslog clang libclang-rt-14-dev \
binutils git spin clang-tidy-14 clang-tidy cppcheck pdns-server pdns-backend-sqlite3 sqlite3 \
unbound openssl python3-boto3 mandoc nginx-light"
PRISM_PACKAGES="nodejs npm" # of tests/servers/prism, where no other npm is there

# install_missing PACKAGE...
install_missing()
{
    local package policy=/usr/sbin/policy-rc.d
    local -a missing=()
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    echo "installing: ${missing[*]}"
    # A name server that is only needed for a test must not start on this machine.
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
    else
        policy=
    fi
    local result=0
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
        -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}"; } \
        >/tmp/holdfast-apt.$$ 2>&1 </dev/null || result=$?
    [ -n "$policy" ] && rm -f "$policy"
    [ $result -eq 0 ] || cat /tmp/holdfast-apt.$$
    rm -f /tmp/holdfast-apt.$$
    return $result
}
