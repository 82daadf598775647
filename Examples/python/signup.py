"""A form that writes a row and enqueues a job in the same transaction, with psycopg only.

    python3 Examples/python/signup.py 8000

PGHOST, PGDATABASE, PGSERVICE … choose the server: psycopg's driver is libpq.
"""

import html
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import psycopg

# The form's own table. An application would have it in its migrations.
TABLE = """
    CREATE TABLE IF NOT EXISTS signup (
        email text PRIMARY KEY, name text NOT NULL CHECK (name <> ''), job bigint NOT NULL)
"""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sign up</title>
<h1>Sign up</h1>
<p role="status">{message}</p>
<form method="post">
  <label>Name <input name="name" value="{name}" required></label>
  <label>E-mail <input name="email" type="email" value="{email}" required></label>
  <button>Sign up</button>
</form>
</html>
"""


def sign_up(connection, name, email):
    """Writes the sign-up and enqueues its welcome letter: both after the commit, or neither."""
    with connection.transaction():
        (job,) = connection.execute(
            "SELECT ong.enqueue('mail', 'welcome.send',"
            " jsonb_build_object('name', %s::text, 'to', %s::text))",
            (name, email),
        ).fetchone()
        connection.execute(
            "INSERT INTO signup (name, email, job) VALUES (%s, %s, %s)", (name, email, job)
        )
        return job


class Form(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, "", "", "")

    def do_POST(self):
        length = min(int(self.headers.get("Content-Length", 0)), 10_000)
        fields = parse_qs(self.rfile.read(length).decode("utf-8", "replace"))
        name, email = (fields.get(key, [""])[0].strip() for key in ("name", "email"))
        with psycopg.connect(autocommit=True) as connection:
            connection.execute(TABLE)
            try:
                job = sign_up(connection, name, email)
            except psycopg.errors.UniqueViolation:
                return self.answer(422, "You are signed up already.", name, email)
            except psycopg.errors.CheckViolation:
                return self.answer(422, "A name is needed.", name, email)
        self.answer(200, f"Welcome! Your letter is job {job}.", name, email)

    def answer(self, status, message, name, email):
        fields = {"message": message, "name": name, "email": email}
        page = PAGE.format(**{key: html.escape(text) for key, text in fields.items()}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format, *arguments):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Form)
    print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
