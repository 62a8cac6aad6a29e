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

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkfifo "$work/requests"

# The bot reads its requests from the pipe, and `rules` writes them there. Each event `entry` becomes a request: an answer to
# `!roll`, whose id holds where the entry stands, or the word that there is nothing to do. The answer to an answer becomes that
# word, too. So nothing counts as done before it is: what is not acknowledged is told again by the next run, and by its
# key an answer is given once all the same.
rules='
def ack($conversation; $entry): {id: "ack", do: "ack", conversation: $conversation, entry: $entry};

# The number of dice and their sides, within reason.
def dice:
    capture("^!roll(\\s+(?<n>[0-9]{1,2})d(?<sides>[0-9]{1,4}))?\\s*$")
    | {n: ((.n // "1") | tonumber), sides: ((.sides // "6") | tonumber)}
    | select(.n >= 1 and .sides >= 1);

if .event == "ready" and $room != "" then
    {id: "join", do: "join", room: $room}
elif .event == "entry" then
    . as $told
    | ([$told | select(.kind == "text") | .text | dice] | first) as $dice
    | if $dice then
        "\($told.conversation)/\($told.entry)" as $where
        | {id: "roll/\($where)", do: "send", to: $told.conversation, answers: $told.entry, key: "dice/\($where)",
           text: "\($dice.n)d\($dice.sides)"}
      else
        ack($told.conversation; $told.entry)
      end
elif (.id | type) == "string" and (.id | startswith("roll/")) then
    (.id | split("/")) as $where
    | ack($where[1]; $where[2] | tonumber)
else
    empty
end'

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

"$udpchat" bot "$@" <"$work/requests" |
    jq -c --unbuffered --arg room "${ROOM:-}" "$rules" |
    thrown >"$work/requests"
