call() { curl -sS --fail-with-body -w '\n' -H 'Accept-Language: en' "$@"; }
pick() { tee -a /dev/stderr | sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'; }
A="Authorization: Bearer $(call localhost:3000/sessions -d '{"email":"alice@example.com","password":"frontrow-demo"}' | pick accessToken)"
call localhost:3000/performances/demo/seats
HOLD=$(call localhost:3000/performances/demo/holds -H "$A" -d '{"grade":"R","quantity":1}' | pick holdId)
call localhost:3000/payments -H "$A" -d '{"holdId":"'"$HOLD"'","method":"points"}'
call "localhost:3000/_local/mails?to=alice@example.com"
