"""A real SMTP server for the tests. mail_server.py FOLDER [CERTIFICATE KEY]

Prints "ready PORT", then serves until its standard input ends. What it does with a message is told
by the recipient's local part; what it took is written to FOLDER/MESSAGE-ID.json. At the end it
removes the folder.
With a certificate it offers STARTTLS and wants the login "thu:mật khẩu".
"""

import asyncio
import email
import email.header
import email.policy
import email.utils
import json
import pathlib
import shutil
import ssl
import sys

try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError:
    print("the Python module aiosmtpd is missing: pip install -r Tests/python-requirements.txt", flush=True)
    sys.exit(1)

folder = pathlib.Path(sys.argv[1])


def addresses(field):
    """The display names by the older decoder: the newer one puts spaces between encoded words."""
    pairs = email.utils.getaddresses([field])
    return [str(email.header.make_header(email.header.decode_header(name))) + "|" + address
            for name, address in pairs]


class Handler:
    def __init__(self):
        self.server = None

    async def handle_MAIL(self, server, session, envelope, address, options):
        leaving = getattr(session, "leaving", None)
        if leaving == "leaving":
            server.transport.abort()
        if leaving == "leaving-politely":
            return "421 4.3.2 Shutting down"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        kind = address.split("@")[0]
        if kind == "nobody":
            return "550 5.1.1 No such person here"
        if kind == "busy":
            return "451 4.7.1 Come back later"
        if kind == "dropped-early":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        kind = envelope.rcpt_tos[0].split("@")[0]
        if kind == "spam":
            return "554-5.7.1 Looks like spam\r\n554 to this server"
        if kind == "full":
            return "452 4.2.2 Mailbox full"
        self.store(session, envelope)
        if kind == "dropped":
            server.transport.abort()
        if kind == "silent":
            await asyncio.sleep(30)
        session.leaving = kind
        if kind == "closing":
            asyncio.get_running_loop().call_soon(server.transport.close)
        return "250 2.0.0 Taken"

    @staticmethod
    def store(session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        raw = email.message_from_bytes(envelope.content)
        record = {
            "envelope_from": envelope.mail_from,
            "envelope_to": envelope.rcpt_tos,
            "headers": sorted(message.keys()),
            "subject": str(message["Subject"]),
            "from": addresses(raw["From"]),
            "to": addresses(raw["To"]),
            "date": str(message["Date"].datetime.isoformat()),
            "language": str(message["Content-Language"]),
            "body": message.get_content().replace("\r\n", "\n"),
            "longest_line": max(len(line) for line in envelope.content.split(b"\r\n")),
            "defects": [str(d) for part in [message, *[message[h] for h in message.keys()]] for d in part.defects],
            "connection": session.peer[1],
            "encrypted": session.ssl is not None,
            "user": session.auth_data if session.authenticated else None,
        }
        name = message["Message-ID"].strip("<>")
        # More than one line each: deliveries that come twice are seen.
        with open(folder / (name + ".json"), "a") as file:
            file.write(json.dumps(record) + "\n")


def authenticate(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"thu", "mật khẩu".encode())
    return AuthResult(success=right, handled=False, auth_data="thu")


def protocol():
    options = {}
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        options = dict(tls_context=context, require_starttls=True,
                       authenticator=authenticate, auth_required=True)
    return SMTP(Handler(), hostname="test.example", **options)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    shutil.rmtree(folder, ignore_errors=True)


asyncio.run(main())
