# SPDX-License-Identifier: BSD-2-Clause
"""Plays a person at a terminal: person.py TEXT=ANSWER ... -- COMMAND ...

Runs the command with a terminal of its own. Whenever a TEXT shows up, its ANSWER is typed, each once
and in order; ^C and ^D are those keys. Prints what was on the screen, and ends with the command's exit code, 128
and the signal's number where one ended it; 125 when a TEXT
did not show up within 20 seconds.
"""
import os
import pty
import select
import sys
import time

KEYS = {"^C": b"\x03", "^D": b"\x04"}

words = sys.argv[1:]
split = words.index("--")
script = [word.split("=", 1) for word in words[:split]]
child, terminal = pty.fork()
if child == 0:
    os.execvp(words[split + 1], words[split + 1:])

screen = b""
seen = 0
deadline = time.monotonic() + 20
while True:
    ready, _, _ = select.select([terminal], [], [], 0.2)
    if ready:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            data = b""
        if not data:
            break
        screen += data
        deadline = time.monotonic() + 20
    if script and script[0][0].encode() in screen[seen:]:
        text, answer = script.pop(0)
        seen = screen.index(text.encode(), seen) + len(text)
        time.sleep(0.1)  # until the echo is off
        os.write(terminal, KEYS.get(answer, answer.encode() + b"\n"))
    if time.monotonic() > deadline:
        os.kill(child, 9)
        break
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(screen.replace(b"\r\n", b"\n"))
code = os.waitstatus_to_exitcode(status)
if script:
    sys.stderr.write("never asked: %s\n" % script[0][0])
if code < 0 and time.monotonic() < deadline:
    code = 128 - code
sys.exit(125 if script and code == 0 else code if code >= 0 else 125)
