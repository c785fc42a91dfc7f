#!/bin/bash
# Tests set-up on a fresh Debian: a chroot with only Node and npm, with its own network, processes and mounts, which is removed at
# the end. Needs root and debootstrap.
#
#   ops/setup/try-setup.sh bookworm                   a clean clone of HEAD, `node ops/bin/first-run.js prepare`
#   ops/setup/try-setup.sh --worktree trixie          this folder as it is, with node_modules and dist
#   ops/setup/try-setup.sh trixie npm test            another command in the clone
set -euo pipefail

worktree=no
[ "${1:-}" = --worktree ] && { worktree=yes; shift; }
suite=${1:?give a Debian release: bookworm or trixie}
shift
[ $# -gt 0 ] || set -- node ops/bin/first-run.js prepare
command=$(printf '%q ' "$@")

project=$(cd "$(dirname "$0")/../.." && pwd)
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' "Codename: $codename" | head -1)
root=$(mktemp -d /var/tmp/troupe-try.XXXXXX)
net=troupe-try-$$
link=tt$$
third=$(($$ % 200 + 20))
subnet=10.213.$third

rules() { # -I or -D
  iptables "$1" FORWARD -s "$subnet.0/24" -j ACCEPT
  iptables "$1" FORWARD -d "$subnet.0/24" -j ACCEPT
  [ "$1" = -I ] && nat=-A || nat=-D
  iptables -t nat "$nat" POSTROUTING -s "$subnet.0/24" ! -o "$link" -j MASQUERADE
}
child=
cleanup() {
  [ -z "$child" ] || { kill -KILL "$child" && wait "$child"; } 2>/dev/null || true # and all that it started
  rules -D 2>/dev/null || true
  ip link delete "$link" 2>/dev/null || true
  ip netns delete "$net" 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

echo "== debootstrap $suite from this machine's mirror"
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" 2>&1 || { tail -20 "$root.log"; exit 1; }
rm -f "$root.log"

echo "== only Node and npm"
install -D "$(readlink -f "$(command -v node)")" "$root/usr/local/bin/node"
mkdir -p "$root/usr/local/lib/node_modules"
cp -r "$(npm root -g)/npm" "$root/usr/local/lib/node_modules/"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
cp /etc/resolv.conf "$root/etc/resolv.conf"
certificates=/etc/ssl/certs/ca-certificates.crt
[ -f "$certificates" ] && install -D "$certificates" "$root$certificates"
[ -f "$HOME/.npmrc" ] && install -m 600 "$HOME/.npmrc" "$root/root/.npmrc"

mkdir -p "$root/troupe"
if [ "$worktree" = yes ]; then
  tar -C "$project" --exclude=.git --exclude=.troupe -cf - . | tar -C "$root/troupe" -xf -
else
  git -C "$project" archive HEAD | tar -C "$root/troupe" -xf -
fi

echo "== a network of its own"
ip netns add "$net"
ip link add "$link" type veth peer name eth0 netns "$net"
ip addr add "$subnet.1/24" dev "$link"
ip link set "$link" up
ip -n "$net" addr add "$subnet.2/24" dev eth0
ip -n "$net" link set lo up
ip -n "$net" link set eth0 up
ip -n "$net" route add default via "$subnet.1"
rules -I

cat >"$root/try.sh" <<TRY
set -u
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-}
unset TROUPE_NATS_SERVER TROUPE_HOME DOCKER_HOST
cd /troupe
before=\$(find /etc/apt /var/lib/apt/lists -type f -not -name lock | sort | xargs md5sum | md5sum)
echo "== \$(. /etc/os-release; echo \$PRETTY_NAME), node \$(node --version): $command"
time $command
code=\$?
echo "== exit code \$code; once more, when nothing is to be done"
time $command
echo "== what is there now"
ls -l /root/.troupe/bin; /root/.troupe/bin/nats-server --version; tail -3 /root/.troupe/logs/setup.log
node -e "new (require('dockerode'))().version().then(v=>console.log('engine',v.Version),e=>console.log('no engine',e.message))"
node -e "new (require('dockerode'))().listImages().then(l=>console.log('images',l.flatMap(i=>i.RepoTags).join(' ')),()=>{})"
echo "== apt's sources: \$(find /etc/apt -name '*.sources' -o -name 'sources.list' | xargs md5sum | md5sum | cut -c1-8), \$([ "\$before" = "\$(find /etc/apt /var/lib/apt/lists -type f -not -name lock | sort | xargs md5sum | md5sum)" ] && echo 'and lists as before' || echo 'lists refreshed for docker.io')"
tail -5 /root/.troupe/logs/dockerd.log 2>/dev/null
exit \$code
TRY

# Everything started within ends with the process namespace, and so do the mounts.
nsenter --net="/var/run/netns/$net" unshare --mount --pid --fork --kill-child --propagation private /bin/bash -euc "
  mount --bind '$root' '$root' # engines want / to be a mount
  mount -t proc proc '$root/proc'
  mount --rbind /sys '$root/sys'
  mount --rbind /dev '$root/dev'
  mount -t tmpfs tmpfs '$root/run'
  exec chroot '$root' /bin/bash /try.sh" &
child=$!
code=0
wait "$child" || code=$?
child=
exit "$code"
