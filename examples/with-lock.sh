#!/bin/sh
# Runs a command while holding a lock. The script acquires the lock, renews it in the background, passes the fencing token to the command
# and releases the lock afterwards. When the lock is lost the command gets SIGTERM. The script needs curl only.
#
#   ./with-lock.sh NAME COMMAND [ARGUMENT...]
#
# Environment:
#   LATCHKEY_URL             base URL of the gateway; http://localhost:8888 by default
#   LATCHKEY_AUTHORIZATION   value of the Authorization header, for example: Bearer TOKEN
#   LOCK_TTL                 seconds after which the lock expires without renewal; 30 by default
#   LOCK_WAIT                seconds to wait for the lock; 600 by default
#
# The exit status is that of the command, or:
#   64   wrong usage, or the gateway rejects the request
#   69   the gateway or its etcd is unreachable
#   75   the lock is not available in time
#   77   the credentials are missing or not sufficient
#   78   LATCHKEY_URL is not the URL of a gateway
#   129, 130, 143   a signal ended the wait (SIGHUP, SIGINT, SIGTERM); 143 also means that the lock was lost
#
# If the script is killed with SIGKILL, the command gets SIGTERM within about 2 seconds and the lock expires within its ttl.
set -u
url=${LATCHKEY_URL:-http://localhost:8888}
authorization=${LATCHKEY_AUTHORIZATION:-}
ttl=${LOCK_TTL:-30}
wait=${LOCK_WAIT:-600}
# Seconds for one request, besides the time that it waits in the queue.
limit=30

fail() {
  status=$1
  shift
  printf 'with-lock.sh: %s\n' "$*" >&2
  exit "$status"
}

if [ $# -lt 2 ]; then
  echo 'usage: with-lock.sh NAME COMMAND [ARGUMENT...]' >&2
  exit 64
fi
case $ttl in '' | 0 | *[!0-9]*) fail 64 "LOCK_TTL is \"$ttl\"; it must be a number of seconds" ;; esac
case $wait in '' | *[!0-9]*) fail 64 "LOCK_WAIT is \"$wait\"; it must be a number of seconds" ;; esac
name=$1
shift
# Every byte is percent-encoded, so that a name can contain slashes and spaces.
path=/v1/locks/$(printf '%s' "$name" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')

# The script chooses the token and uses it once. A request that is repeated after a lost response joins the same entry.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
owner=$(uname -n):$$

if (: <&0) 2>/dev/null; then exec 3<&0; else exec 3</dev/null; fi
dir=$(mktemp -d) || fail 69 'cannot create a temporary directory'
trap 'rm -rf "$dir"' EXIT
reply=$dir/main
# The process that a signal ends: the request while the script waits, afterwards the command.
current=
stopped=
stop() {
  stopped=$1
  [ -z "$current" ] || kill "$current" 2>/dev/null
}
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM

quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

# Starts a request; its process ID is then $!. Everything is passed on standard input, so that no other user of the machine sees the
# credentials or the token in the list of processes.
start() { # METHOD PATH DATA SECONDS
  {
    printf 'globoff\nurl = "%s"\nrequest = %s\nmax-time = %s\n' "$(quoted "$url$2")" "$1" "$4"
    printf 'header = "Content-Type: application/json"\n'
    [ -z "$authorization" ] || printf 'header = "Authorization: %s"\n' "$(quoted "$authorization")"
    [ -z "$3" ] || printf 'data = "%s"\n' "$(quoted "$3")"
  } | curl -sS -K - -o "$reply.body" -w '%{http_code}' >"$reply.code" 2>"$reply.error" 3<&- &
}

# Ends the process of a background task when the script itself is gone.
guard() { # PROCESS
  while kill -0 "$$" 2>/dev/null; do sleep 1; done
  kill "$1" 2>/dev/null
  rm -rf "$dir"
}

# Sends a request. Sets code to the HTTP status (000 without a response), answer to the response and failure to the exit status of curl.
send() {
  : >"$reply.body"
  start "$@"
  current=$!
  guard "$current" >/dev/null 2>&1 3<&- &
  guarding=$!
  [ -z "$stopped" ] || kill "$current" 2>/dev/null
  wait "$current"
  failure=$?
  current=
  kill "$guarding" 2>/dev/null
  code=$(cat "$reply.code")
  answer=$(cat "$reply.body")
  code=${code:-000}
}

number() { printf '%s' "$answer" | sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }

# From here on no signal ends the script: a lock that stays would block others until its ttl is over.
release() {
  trap '' HUP INT TERM
  stopped=
  send DELETE "$path" "{\"token\":\"$token\"}" "$limit"
}

# Gives the lock up, whatever a lost response would have returned, and ends.
abandon() {
  status=$stopped
  release
  exit "$status"
}

if [ "$wait" != 0 ]; then
  send GET "$path" '' "$limit"
  holder=$(printf '%s' "$answer" | sed -n 's/.*"holders":\[{[^]}]*"owner":"\([^"]*\)".*/\1/p')
  if [ -n "$holder" ]; then
    printf 'waiting for the lock %s, which is held by %s\n' "$name" "$holder" >&2
  fi
fi

# A response can be lost: then the request is sent once more.
for attempt in 1 2; do
  [ -z "$stopped" ] || abandon
  send PUT "$path" "{\"owner\":\"$(quoted "$owner")\",\"token\":\"$token\",\"ttl\":$ttl,\"wait\":$wait}" $((wait + limit))
  case $code in 000 | 5??) ;; *) break ;; esac
  case $failure in 1 | 3 | 6) break ;; esac
  [ "$attempt" = 2 ] || [ -n "$stopped" ] || sleep 1
done
[ -z "$stopped" ] || abandon

FENCING_TOKEN=$(number fencingToken)
case $code in
  200) [ -n "$FENCING_TOKEN" ] || fail 78 "$url is not a Latchkey gateway" ;;
  400) fail 64 "the gateway rejects the request: $answer" ;;
  401 | 403) fail 77 "the gateway rejects the credentials in LATCHKEY_AUTHORIZATION: $answer" ;;
  410 | 423 | 429) fail 75 "the lock $name is not available: $answer" ;;
  000)
    error=$(cat "$reply.error")
    case $failure in 1 | 3 | 6) fail 78 "LATCHKEY_URL is \"$url\": $error" ;; esac
    release
    fail 69 "the gateway at $url does not respond: $error"
    ;;
  5??)
    unavailable=$answer
    release
    fail 69 "the lock $name cannot be acquired: $unavailable"
    ;;
  *) fail 78 "$url is not a Latchkey gateway: status $code" ;;
esac
export FENCING_TOKEN

# One renewal every ttl/4. Each has ttl/8 to succeed, so two can fail in a row before the ttl is over.
every=$(number renewEvery)
granted=$(number ttl)
patience=$(awk "BEGIN { print $every / 2 }")
renew() {
  reply=$dir/renewal
  renewed=$(date +%s)
  while sleep "$every"; do
    kill -0 "$$" 2>/dev/null || return
    now=$(date +%s)
    start POST "$path/keepalive" "{\"token\":\"$token\",\"fencingToken\":$FENCING_TOKEN}" "$patience"
    wait "$!"
    case $(cat "$reply.code") in
      200) renewed=$now ;;
      401 | 403 | 404 | 409 | 410) break ;;
      *) [ $(($(date +%s) - renewed)) -lt "$granted" ] || break ;;
    esac
  done
  # The lock is lost, or it cannot be renewed. The command must not continue in the belief that it holds the lock.
  kill "$job" 2>/dev/null
}

# An explicit standard input: a command in the background has none by default.
"$@" <&3 3<&- &
job=$!
current=$job
# The command starts after the check for a signal, so a signal in between is repeated.
[ -z "$stopped" ] || kill "$job" 2>/dev/null
# The sleep of a loop outlives the loop for a moment: readers of the output must not wait for it.
renew >/dev/null 2>&1 3<&- &
renewer=$!
guard "$job" >/dev/null 2>&1 3<&- &
guarding_job=$!
exec 3<&-
wait "$job"
result=$?
# A signal ends the wait at once, and the command when it is ready. It holds the lock until then.
while kill -0 "$job" 2>/dev/null; do
  wait "$job"
  result=$?
done
kill "$renewer" "$guarding_job" 2>/dev/null
release
exit "$result"
