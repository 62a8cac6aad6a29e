#!/usr/bin/env python3
"""A bot that repeats what it is told: udpchat bot chat.example --user echo, as a program.

It needs nothing but Python. Start it with the arguments that you would give to `udpchat bot`:

    ./echo.py chat.example --user echo --password-file ~/.echo-password

In a private conversation it repeats everything, in a room what begins with its name. See udpchat-bot(7) for the lines.
"""

import json
import os
import subprocess
import sys


def main():
    program = [os.environ.get("UDPCHAT", "udpchat"), "bot", *sys.argv[1:]]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bot:
        try:
            serve(bot)
        except (BrokenPipeError, KeyboardInterrupt):
            pass  # It has ended, or is about to; its exit code says why.
        finally:
            close(bot.stdin)
    return bot.returncode


def serve(bot):
    """Reads the lines of the bot, one after the other, until there are no more."""
    name = None
    waiting = {}  # The entries whose answers are not stored yet, by the id of the request.
    for line in bot.stdout:
        told = json.loads(line)
        if told.get("event") == "ready":
            name = told["user"]
        elif told.get("event") == "entry":
            reply = reply_to(told, name)
            if reply is None:
                acknowledge(bot, told)
            else:
                # The same id for the same entry. With it as the key, a bot that was killed after it has answered, and is
                # told again, answers once.
                id = f"{told['conversation']}/{told['entry']}"
                waiting[id] = told
                ask(bot, id, do="send", to=told["conversation"], text=reply, answers=told["entry"], key=f"echo/{id}")
        elif told.get("id") in waiting:
            # Only now it is done: what is not acknowledged is told again by the next run.
            acknowledge(bot, waiting.pop(told["id"]))
            if "error" in told:
                print(f"echo: {told['error']['text']}", file=sys.stderr)
        elif "error" in told:
            print(f"echo: {told}", file=sys.stderr)


def reply_to(entry, name):
    """What the bot says to an entry, if anything."""
    if entry["kind"] != "text":
        return None
    if entry["conversation"] == entry["author"]:
        return entry["text"]
    called, _, text = entry["text"].partition(": ")
    return text if called == name and text.strip() else None


def acknowledge(bot, entry):
    ask(bot, "ack", do="ack", conversation=entry["conversation"], entry=entry["entry"])


def ask(bot, id, **request):
    line = json.dumps({"id": id, **request}) + "\n"
    bot.stdin.write(line.encode())
    bot.stdin.flush()


def close(pipe):
    try:
        pipe.close()
    except BrokenPipeError:
        pass


if __name__ == "__main__":
    sys.exit(main())
