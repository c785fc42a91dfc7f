#!/bin/sh
# Builds Kubernetes' etcd, kube-apiserver and kube-scheduler with Go from their modules, for `npm run bench -- kubernetes`.
#   ops/bench/build-kubernetes.sh <folder>      then: PATH=<folder>:$PATH npm run bench -- kubernetes
# Go 1.26 or newer; some twenty minutes on two cores, 3 GB of modules and caches where Go keeps them.
set -eu
KUBERNETES=${KUBERNETES:-1.36.3}
ETCD=${ETCD:-3.6.5}
[ $# -eq 1 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOFLAGS=-mod=mod

# Its own go.mod takes what it shares with others from its source tree; outside of that, from their modules of the same release.
go mod download "k8s.io/kubernetes@v$KUBERNETES"
theirs="$(go env GOMODCACHE)/cache/download/k8s.io/kubernetes/@v/v$KUBERNETES.mod"
staged="v0.${KUBERNETES#1.}"
mkdir "$work/kubernetes" && cd "$work/kubernetes"
{
  printf 'module bench\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v%s\n' "$KUBERNETES"
  sed -n '/^require/,/^)/p' "$theirs" | sed "s# v0\.0\.0\$# $staged#"
  sed -n '/^replace/,/^)/p' "$theirs" | sed -E "s#=> \./staging/src/(.*)#=> \1 $staged#"
} >go.mod
printf 'package main\n\nimport (\n\t_ "k8s.io/kubernetes/cmd/kube-apiserver/app"\n\t_ "k8s.io/kubernetes/cmd/kube-scheduler/app"\n)\n\nfunc main() {}\n' >main.go
for program in kube-apiserver kube-scheduler; do go build -o "$folder/$program" "k8s.io/kubernetes/cmd/$program"; done

mkdir "$work/etcd" && cd "$work/etcd"
go mod init bench
go get "go.etcd.io/etcd/server/v3@v$ETCD"
go build -o "$folder/etcd" go.etcd.io/etcd/server/v3
ls -l "$folder/etcd" "$folder/kube-apiserver" "$folder/kube-scheduler"
