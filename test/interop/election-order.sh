#!/bin/sh
# Shows that `etcdctl elect` and PUT /v1/elections/NAME stand in one election: etcdctl leads while the gateway's candidate stands by,
# then that one leads while another etcdctl stands by. The leaders are printed as the gateway shows them, at the end as etcdctl saw them.
# Usage: election-order.sh ETCDCTL ETCD-ENDPOINT GATEWAY-URL NAME     (the name needs no encoding; the election prefix is elections/)
set -eu
etcdctl=$1 endpoint=$2 gateway=$3 name=$4
export ETCDCTL_API=3
work=$(mktemp -d)
pids=''

cleanup() {
  # shellcheck disable=SC2086 # one word for each process
  kill $pids 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

elect() {
  "$etcdctl" --endpoints "$endpoint" elect "$@" >>"$work/elected" &
  last=$!
  pids="$pids $last"
}

election() {
  curl -sS "$gateway/v1/elections/$name"
}

# Waits until the election shows the text.
until_shown() {
  turns=0
  until election | grep -q "$1"; do
    turns=$((turns + 1))
    if [ $turns -ge 150 ]; then
      echo "the election never showed $1: $(election)"
      exit 1
    fi
    sleep 0.1
  done
}

# What the election shows: who leads, and how many stand by.
show() {
  election | sed 's/.*"leader":{"candidate":"\([^"]*\)".*"queueLength":\([0-9]*\).*/\1 leads, \2 stand by/'
}

"$etcdctl" --endpoints "$endpoint" elect --listen "elections/$name" >"$work/observed" &
pids="$pids $!"

elect "elections/$name" one
first=$last
until_shown '"candidate":"one"'

curl -fsS -X PUT -d '{"candidate":"two","wait":30}' "$gateway/v1/elections/$name" >"$work/leadership" &
campaigning=$!
pids="$pids $campaigning"
until_shown '"queueLength":1'
elect "elections/$name" three
until_shown '"queueLength":2'
show

kill "$first"
wait $campaigning
show

token=$(sed -n 's/.*"token":"\([^"]*\)".*/\1/p' "$work/leadership")
curl -fsS -X POST -d "{\"token\":\"$token\",\"candidate\":\"two, promoted\"}" "$gateway/v1/elections/$name/proclaim" >/dev/null
show

curl -fsS -X DELETE -H "Lock-Token: $token" "$gateway/v1/elections/$name" >/dev/null
until_shown '"leader":{"candidate":"three"'
show

turns=0
until grep -q three "$work/observed" || [ $turns -ge 100 ]; do
  sleep 0.1
  turns=$((turns + 1))
done
echo "etcdctl saw: $(grep -v '^elections/' "$work/observed" | grep . | paste -s -d '|' -)"
