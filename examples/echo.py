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
    told = {}  # Of each conversation the entries that are not acknowledged, in their order, and whether each is done.
    for line in bot.stdout:
        said = json.loads(line)
        if said.get("event") == "ready":
            name = said["user"]
        elif said.get("event") == "entry":
            told.setdefault(said["conversation"], {})[said["entry"]] = False
            reply = reply_to(said, name)
            if reply is None:
                finish(bot, told, said)
            else:
                # The same id for the same entry. With it as the key, a bot that was killed after it has answered, and is
                # told again, answers once.
                id = f"{said['conversation']}/{said['entry']}"
                waiting[id] = said
                ask(bot, id, do="send", to=said["conversation"], text=reply, answers=said["entry"], key=f"echo/{id}")
        elif said.get("id") in waiting:
            # Only now it is done: what is not acknowledged is told again by the next run.
            finish(bot, told, waiting.pop(said["id"]))
            if "error" in said:
                print(f"echo: {said['error']['text']}", file=sys.stderr)
        elif "error" in said:
            print(f"echo: {said}", file=sys.stderr)


def reply_to(entry, name):
    """What the bot says to an entry, if anything."""
    if entry["kind"] != "text":
        return None
    if entry["conversation"] == entry["author"]:
        return entry["text"]
    called, _, text = entry["text"].partition(": ")
    return text if called == name and text.strip() else None


def finish(bot, told, entry):
    """Acknowledges what is done. That covers everything before it, so not beyond an entry whose answer is not stored yet."""
    entries = told[entry["conversation"]]
    entries[entry["entry"]] = True
    last = None
    for number, is_done in list(entries.items()):
        if not is_done:
            break
        last = number
        del entries[number]
    if last is not None:
        ask(bot, "ack", do="ack", conversation=entry["conversation"], entry=last)


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
