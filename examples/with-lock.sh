#!/bin/sh
# Runs a command while holding a lock: acquires it, renews it in the background, hands the command the fencing token, releases it.
# When the lock is lost the command is told to stop. Needs nothing but curl.
#
#   ./with-lock.sh NAME COMMAND [ARGUMENT...]       LATCHKEY_URL, LOCK_TTL and LOCK_WAIT (seconds) say otherwise
#
# Exit status: the command's; 75 when the lock was not to be had in time; 143 when it was lost.
set -u
url=${LATCHKEY_URL:-http://localhost:8888}
ttl=${LOCK_TTL:-30}
wait=${LOCK_WAIT:-600}
name=$1
shift

# Chosen by us and never used twice: after a lost answer the same request joins the same entry.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
owner="$(hostname):$$"
number() { printf '%s' "$answer" | sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }

acquire() {
  curl -sS --fail -X PUT "$url/v1/locks/$name" \
    -d "{\"owner\":\"$owner\",\"token\":\"$token\",\"ttl\":$ttl,\"wait\":$wait}"
}
answer=$(acquire) || answer=$(acquire) || exit 75
FENCING_TOKEN=$(number fencingToken)
export FENCING_TOKEN

# One renewal every ttl/4, each given ttl/8 to answer: two may fail in a row before the ttl is over.
every=$(number renewEvery)
patience=$(awk "BEGIN { print $every / 2 }")
renew() {
  while sleep "$every"; do
    status=$(curl -s -o /dev/null -w '%{http_code}' -m "$patience" -X POST "$url/v1/locks/$name/keepalive" \
      -d "{\"token\":\"$token\",\"fencingToken\":$FENCING_TOKEN}")
    case $status in
      404 | 409 | 410) # Lost. Whatever still runs must not believe that it holds.
        kill "$job" 2>/dev/null
        return ;;
    esac
  done
}

"$@" &
job=$!
renew &
renewer=$!
trap 'kill "$job" 2>/dev/null' INT TERM
wait "$job"
result=$?
kill "$renewer" 2>/dev/null
curl -s -o /dev/null -X DELETE -H "Lock-Token: $token" "$url/v1/locks/$name"
exit "$result"
