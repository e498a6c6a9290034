"""Plain HTTP for what the API's client does not do: pages, pictures, headers."""

import re
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message  # names in any case
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


@dataclass
class Browser:
    """Keeps cookies, sends forms with their CSRF token, follows no redirect."""

    host: str
    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, url: str, headers: dict[str, str] | None = None) -> Answer:
        return self._ask("GET", url, None, headers or {})

    def sign_in(self, path: str, email: str, password: str) -> Answer:
        """Fill in the sign-in form; a redirect if the pair is known."""
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path).text)[:1]
        form = urlencode({"username": email, "password": password, "csrfmiddlewaretoken": token}).encode()
        return self._ask("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"})

    def _ask(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname or self.host, parts.port or self.port, timeout=60)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, path, body, {**headers, **({"Cookie": cookie} if cookie else {})})
            response = connection.getresponse()
            for line in response.headers.get_all("Set-Cookie") or []:
                self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
