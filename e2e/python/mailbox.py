"""A mail server that keeps nothing: mailbox.py PORT. It prints each message that it takes as one line of JSON, after "ready"."""

import asyncio
import email
import email.policy
import json
import sys

from aiosmtpd.controller import Controller


class Printer:
    """Takes every message and prints what a mailbox would show of it."""

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 (aiosmtpd calls it so)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        shown = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "fields": {name.lower(): str(value) for name, value in message.items()},
            "text": message.get_content(),
            "defects": [str(defect) for defect in message.defects],
        }
        print(json.dumps(shown), flush=True)
        return "250 taken"


def main(port: int) -> None:
    controller = Controller(Printer(), hostname="127.0.0.1", port=port)
    controller.start()
    print("ready", flush=True)
    asyncio.new_event_loop().run_forever()


main(int(sys.argv[1]))
