"""One process of `hold`: opens so many listeners who never read, each with the smallest receive buffer, and keeps those that the server
keeps. Started by `hold.mjs` only, like `holder.mjs`; in Python, for Node cannot say how large a buffer is."""

import json
import select
import socket
import sys
import time

ASK = json.loads(sys.argv[1])
PORT, COUNT, RATE, NETWORK = (ASK[name] for name in ("port", "count", "rate", "network"))
SAYS = b"GET /e/demo/48/live.mp4 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
RECEIVE_BYTES = 2048
SAID_EVERY_S = 0.05

seen = {"opened": 0, "failed": 0, "closed": 0, "begun": 0}
sockets = {}
opening = set()
poll = select.epoll()


def begin(n):
    """From as many addresses as `holder.mjs`, so that none runs out of ports."""
    n %= 16_384
    one = socket.socket()
    one.setblocking(False)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    one.bind((f"127.{NETWORK}.{(n >> 6) & 255}.{1 + (n & 63)}", 0))
    one.connect_ex(("127.0.0.1", PORT))
    sockets[one.fileno()] = one
    opening.add(one.fileno())
    # What arrives is no event here: it is never read.
    poll.register(one.fileno(), select.EPOLLOUT | select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP | select.EPOLLONESHOT)


def look(number, event):
    one = sockets[number]
    if event & (select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP):
        seen["failed" if number in opening else "closed"] += 1
        opening.discard(number)
        del sockets[number]
        one.close()
        return
    opening.discard(number)
    seen["opened"] += 1
    one.send(SAYS)
    poll.modify(number, select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP)


began = said = time.monotonic()
while True:
    for number, event in poll.poll(SAID_EVERY_S / 2, 1024):
        look(number, event)
    now = time.monotonic()
    due = min(COUNT, int((now - began) * RATE))
    while seen["begun"] < due:
        begin(seen["begun"])
        seen["begun"] += 1
    if now - said > SAID_EVERY_S:
        said = now
        print(json.dumps(seen), flush=True)
