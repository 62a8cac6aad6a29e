#!/bin/sh
# A bot that throws dice: say `!roll` in a room that it is in, or to it alone, or `!roll 3d20`.
#
# It needs jq. Start it with the arguments that you would give to `udpchat bot`:
#
#     ROOM='#games' ./dice.sh chat.example --user dice --password-file ~/.dice-password
#
# See udpchat-bot(7) for the lines.
set -eu
udpchat=${UDPCHAT:-udpchat}

command -v jq >/dev/null || {
    echo "dice.sh: it needs jq" >&2
    exit 127
}

work=$(mktemp -d)
bot=
# Ends the bot, and then as a signal ends a program.
end() {
    trap '' HUP INT TERM
    if [ -n "$bot" ]; then
        kill "$bot" 2>/dev/null || :
        wait "$bot" || :
    fi
    exit "$1"
}
trap 'rm -rf "$work"' EXIT
trap 'end 129' HUP
trap 'end 130' INT
trap 'end 143' TERM
mkfifo "$work/requests" "$work/told"

# The bot reads its requests from the pipe, and `rules` writes them there. Each event `entry` becomes a request: an answer to
# `!roll`, whose id holds where the entry stands, or is done at once; one with an answer is done when that is stored. An
# acknowledgement covers everything before it, so it never goes beyond an entry that is not done: `told` has those of each
# conversation that are not acknowledged. What is not acknowledged is told again by the next run, and by its key an answer is
# given once all the same.
rules='
def is_told($conversation; $entry): .told[$conversation] += [{entry: $entry, done: false}];

# Acknowledges up to the entry before the first one that is not done.
def finish($conversation; $entry):
    .told[$conversation] |= map(if .entry == $entry then .done = true else . end)
    | .told[$conversation] as $told
    | (($told | map(.done) | index(false)) // ($told | length)) as $done
    | if $done > 0 then
        .out += [{id: "ack", do: "ack", conversation: $conversation, entry: $told[$done - 1].entry}]
        | .told[$conversation] = $told[$done:]
      else
        .
      end;

# The number of dice and their sides, within reason.
def dice:
    capture("^!roll(\\s+(?<n>[0-9]{1,2})d(?<sides>[0-9]{1,4}))?\\s*$")
    | {n: ((.n // "1") | tonumber), sides: ((.sides // "6") | tonumber)}
    | select(.n >= 1 and .sides >= 1);

def take($line):
    if $line.event == "ready" and $room != "" then
        .out += [{id: "join", do: "join", room: $room}]
    elif $line.event == "entry" then
        ([$line | select(.kind == "text") | .text | dice] | first) as $dice
        | "\($line.conversation)/\($line.entry)" as $where
        | is_told($line.conversation; $line.entry)
        | if $dice then
            .out += [{id: "roll/\($where)", do: "send", to: $line.conversation, answers: $line.entry, key: "dice/\($where)",
                      text: "\($dice.n)d\($dice.sides)"}]
          else
            finish($line.conversation; $line.entry)
          end
    elif ($line.id | type) == "string" and ($line.id | startswith("roll/")) then
        ($line.id | split("/")) as $where
        | finish($where[1]; $where[2] | tonumber)
    else
        .
    end;

foreach inputs as $line ({told: {}, out: []}; .out = [] | take($line); .out[])'

# What the dice show: jq has no randomness, and a file of the system has.
throw() {
    sides=$1
    number=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
    echo $((number % sides + 1))
}

# Requests pass, but for those to say `3d20`, which become what was thrown.
thrown() {
    while IFS= read -r request; do
        text=$(printf '%s\n' "$request" | jq -r 'select(.do == "send") | .text')
        if [ -n "$text" ]; then
            shown='' sum=0 left=${text%d*}
            while [ "$left" -gt 0 ]; do
                eyes=$(throw "${text#*d}")
                shown="$shown $eyes" sum=$((sum + eyes)) left=$((left - 1))
            done
            request=$(printf '%s\n' "$request" | jq -c --arg text "$text:$shown = $sum" '.text = $text')
        fi
        printf '%s\n' "$request"
    done
}

# A shell looks at signals while it waits for what runs beside it, and not while it runs something itself.
"$udpchat" bot "$@" <"$work/requests" >"$work/told" &
bot=$!
jq -nc --unbuffered --arg room "${ROOM:-}" "$rules" <"$work/told" |
    thrown >"$work/requests" &
status=0
wait "$bot" || status=$?
exit "$status"
