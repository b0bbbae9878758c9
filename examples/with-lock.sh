#!/bin/sh
# Runs a command while holding a lock. The script acquires the lock, renews it in the background, passes the fencing token to the command
# and releases the lock afterwards. If the lock is lost, the command gets SIGTERM. The script needs only curl.
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
#   64   the usage is wrong, or the gateway rejects the request
#   69   the gateway or its etcd is unreachable
#   75   the lock is not available in time
#   77   the credentials are missing or insufficient
#   78   LATCHKEY_URL is not the URL of a gateway
#   129, 130, 143   a signal stopped the wait (SIGHUP, SIGINT, SIGTERM); 143 also means that the lock was lost
#
# If the script is killed with SIGKILL, the command gets SIGTERM within about 2 seconds and the lock expires within its ttl.
set -u
url=${LATCHKEY_URL:-http://localhost:8888}
authorization=${LATCHKEY_AUTHORIZATION:-}
ttl=${LOCK_TTL:-30}
wait=${LOCK_WAIT:-600}
# Maximum seconds for one request, plus the time that it waits in the queue.
request_timeout=30

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
response=$dir/main
# The process that a signal stops: the request while the script waits, afterwards the command.
current=
stopped=
stop() {
  stopped=$1
  [ -z "$current" ] || kill "$current" 2>/dev/null
}
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM

escaped() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

# Starts a request in the background; $! is its process ID. curl reads its options from standard input, so that other users of the machine
# cannot see the credentials or the token in the list of processes.
start() { # METHOD PATH DATA SECONDS
  {
    printf 'globoff\nurl = "%s"\nrequest = %s\nmax-time = %s\n' "$(escaped "$url$2")" "$1" "$4"
    printf 'header = "Content-Type: application/json"\n'
    [ -z "$authorization" ] || printf 'header = "Authorization: %s"\n' "$(escaped "$authorization")"
    [ -z "$3" ] || printf 'data = "%s"\n' "$(escaped "$3")"
  } | curl -sS -K - -o "$response.body" -w '%{http_code}' >"$response.code" 2>"$response.error" 3<&- &
}

# Stops a background process if the script itself was killed.
kill_if_orphaned() { # PROCESS
  while kill -0 "$$" 2>/dev/null; do sleep 1; done
  kill "$1" 2>/dev/null
  rm -rf "$dir"
}

# Sends a request. Sets code to the HTTP status (000 without a response), body to the response body and curl_status to the exit status of
# curl.
send() {
  : >"$response.body"
  start "$@"
  current=$!
  kill_if_orphaned "$current" >/dev/null 2>&1 3<&- &
  watchdog=$!
  [ -z "$stopped" ] || kill "$current" 2>/dev/null
  wait "$current"
  curl_status=$?
  current=
  kill "$watchdog" 2>/dev/null
  code=$(cat "$response.code")
  body=$(cat "$response.body")
  code=${code:-000}
}

number_field() { printf '%s' "$body" | sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }

# Ignores signals, because a lock that is not released blocks other clients until its ttl expires.
release() {
  trap '' HUP INT TERM
  stopped=
  send DELETE "$path" "{\"token\":\"$token\"}" "$request_timeout"
}

# Releases the lock, which a lost response may have acquired, and exits.
abandon() {
  status=$stopped
  release
  exit "$status"
}

if [ "$wait" != 0 ]; then
  send GET "$path" '' "$request_timeout"
  holder=$(printf '%s' "$body" | sed -n 's/.*"holders":\[{[^]}]*"owner":"\([^"]*\)".*/\1/p')
  if [ -n "$holder" ]; then
    printf 'waiting for the lock %s, which is held by %s\n' "$name" "$holder" >&2
  fi
fi

# If the response is lost, the request is sent once more.
for attempt in 1 2; do
  [ -z "$stopped" ] || abandon
  send PUT "$path" "{\"owner\":\"$(escaped "$owner")\",\"token\":\"$token\",\"ttl\":$ttl,\"wait\":$wait}" $((wait + request_timeout))
  case $code in 000 | 5??) ;; *) break ;; esac
  case $curl_status in 1 | 3 | 6) break ;; esac
  [ "$attempt" = 2 ] || [ -n "$stopped" ] || sleep 1
done
[ -z "$stopped" ] || abandon

FENCING_TOKEN=$(number_field fencingToken)
case $code in
  200) [ -n "$FENCING_TOKEN" ] || fail 78 "$url is not a Latchkey gateway" ;;
  400) fail 64 "the gateway rejects the request: $body" ;;
  401 | 403) fail 77 "the gateway rejects the credentials in LATCHKEY_AUTHORIZATION: $body" ;;
  410 | 423 | 429) fail 75 "the lock $name is not available: $body" ;;
  000)
    error=$(cat "$response.error")
    case $curl_status in 1 | 3 | 6) fail 78 "LATCHKEY_URL is \"$url\": $error" ;; esac
    release
    fail 69 "the gateway at $url does not respond: $error"
    ;;
  5??)
    unavailable=$body
    release
    fail 69 "the lock $name cannot be acquired: $unavailable"
    ;;
  *) fail 78 "$url is not a Latchkey gateway: status $code" ;;
esac
export FENCING_TOKEN

# Renews every ttl/4. Each renewal has ttl/8 to succeed, so two can fail in a row before the ttl expires.
renew_every=$(number_field renewEvery)
granted=$(number_field ttl)
renewal_timeout=$(awk "BEGIN { print $renew_every / 2 }")
renew() {
  response=$dir/renewal
  renewed=$(date +%s)
  while sleep "$renew_every"; do
    kill -0 "$$" 2>/dev/null || return
    now=$(date +%s)
    start POST "$path/keepalive" "{\"token\":\"$token\",\"fencingToken\":$FENCING_TOKEN}" "$renewal_timeout"
    wait "$!"
    case $(cat "$response.code") in
      200) renewed=$now ;;
      401 | 403 | 404 | 409 | 410) break ;;
      *) [ $(($(date +%s) - renewed)) -lt "$granted" ] || break ;;
    esac
  done
  # The lock is lost or cannot be renewed. The command must not run without it.
  kill "$job" 2>/dev/null
}

# A background command has no standard input by default.
"$@" <&3 3<&- &
job=$!
current=$job
# A signal that arrived before the command started is passed to it now.
[ -z "$stopped" ] || kill "$job" 2>/dev/null
# The last sleep of a loop outlives the loop. Without its output, programs that read the output do not wait for it.
renew >/dev/null 2>&1 3<&- &
renewer=$!
kill_if_orphaned "$job" >/dev/null 2>&1 3<&- &
job_watchdog=$!
exec 3<&-
wait "$job"
result=$?
# A signal interrupts `wait` at once, but the command may take time to exit. It holds the lock until then.
while kill -0 "$job" 2>/dev/null; do
  wait "$job"
  result=$?
done
kill "$renewer" "$job_watchdog" 2>/dev/null
release
exit "$result"
