#!/bin/sh
# Shows that `etcdctl lock` and PUT /v1/locks/NAME stand in one queue: etcdctl holds while the gateway's caller waits, then he holds
# while another etcdctl waits behind him. Each line is written by whoever does what it says.
# Usage: lock-order.sh ETCDCTL ETCD-ENDPOINT GATEWAY-URL NAME     (the name needs no encoding; the lock prefix is locks/)
set -eu
etcdctl=$1 endpoint=$2 gateway=$3 name=$4
export ETCDCTL_API=3
work=$(mktemp -d)
pids=''

cleanup() {
  touch "$work/release-first" "$work/release-second"
  # shellcheck disable=SC2086 # one word for each process
  kill $pids 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# Holds the lock with etcdctl until the file $1 is there; $2 is what it calls itself.
etcdctl_lock() {
  "$etcdctl" --endpoints "$endpoint" lock "locks/$name" -- sh -c '
    echo "$2 holds"
    turns=0
    until [ -e "$1" ] || [ $turns -ge 300 ]; do sleep 0.1; turns=$((turns + 1)); done
    echo "$2 lets go"' sh "$1" "$2" &
  pids="$pids $!"
}

# Waits until the lock shows the text.
until_shown() {
  turns=0
  until curl -sS "$gateway/v1/locks/$name" | grep -q "$1"; do
    turns=$((turns + 1))
    if [ $turns -ge 150 ]; then
      echo "the lock never showed $1: $(curl -sS "$gateway/v1/locks/$name")"
      exit 1
    fi
    sleep 0.1
  done
}

etcdctl_lock "$work/release-first" 'the first etcdctl'
until_shown '"locked":true'

curl -fsS -X PUT -d '{"owner":"script","wait":30}' "$gateway/v1/locks/$name" >"$work/acquired" &
acquiring=$!
pids="$pids $acquiring"
until_shown '"queueLength":1'
echo 'the PUT waits'

touch "$work/release-first"
wait $acquiring
echo 'the PUT holds'

etcdctl_lock "$work/release-second" 'the second etcdctl'
until_shown '"queueLength":1'
echo 'the second etcdctl waits'

token=$(sed -n 's/.*"token":"\([^"]*\)".*/\1/p' "$work/acquired")
echo 'the PUT is released'
curl -fsS -X DELETE -H "Lock-Token: $token" "$gateway/v1/locks/$name" >/dev/null
until_shown '"queueLength":0'
touch "$work/release-second"
until_shown '"locked":false'
