#!/bin/sh
# Runs a command while holding a lock: acquires it, renews it in the background, hands the command the fencing token, releases it.
# When the lock is lost the command is told to stop. Needs nothing but curl.
#
#   ./with-lock.sh NAME COMMAND [ARGUMENT...]       LATCHKEY_URL, LOCK_TTL and LOCK_WAIT (seconds) say otherwise
#
# Exit status: the command's; 64 without a command; 75 when the lock was not to be had in time; 143 when it was lost.
set -u
url=${LATCHKEY_URL:-http://localhost:8888}
ttl=${LOCK_TTL:-30}
wait=${LOCK_WAIT:-600}
if [ $# -lt 2 ]; then
  echo 'usage: with-lock.sh NAME COMMAND [ARGUMENT...]' >&2
  exit 64
fi
name=$1
shift

# Chosen by us and never used twice: after a lost answer the same request joins the same entry.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
owner="$(hostname):$$"
number() { printf '%s' "$answer" | sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }

holder=$(curl -s "$url/v1/locks/$name" | sed -n 's/.*"holders":\[{[^]}]*"owner":"\([^"]*\)".*/\1/p')
if [ -n "$holder" ] && [ "$wait" != 0 ]; then
  printf 'waiting for the lock %s, which is held by %s\n' "$name" "$holder" >&2
fi

# An answer may get lost: then once more. The status stands behind the answer.
for _ in 1 2; do
  answer=$(curl -sS -w '\n%{http_code}' -X PUT "$url/v1/locks/$name" \
    -d "{\"owner\":\"$owner\",\"token\":\"$token\",\"ttl\":$ttl,\"wait\":$wait}")
  case $answer in *200 | *4??) break ;; esac
done
case $answer in
  *200) ;;
  *)
    printf 'the lock %s was not to be had: %s\n' "$name" "$answer" >&2
    exit 75
    ;;
esac
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
# Its sleep outlives it for a moment: whoever reads our output must not wait for that.
renew >/dev/null 2>&1 &
renewer=$!
trap 'kill "$job" 2>/dev/null' INT TERM
wait "$job"
result=$?
# A signal ends the wait at once, and the job when it is ready: the lock is its until then.
while kill -0 "$job" 2>/dev/null; do
  wait "$job"
  result=$?
done
kill "$renewer" 2>/dev/null
curl -s -o /dev/null -X DELETE -H "Lock-Token: $token" "$url/v1/locks/$name"
exit "$result"
