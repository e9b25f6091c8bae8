"""Everything a host can do wrong, in one table: what it does -> what the client must make of it.

A row's answer sends raw bytes (`tests.corpusmill.http.server`); its outcome is the exact class of error, or OK when the
body must come whole: `TEXT`, unless the row says otherwise. A row that is about robots.txt or about TLS says so. Hosts
that hang, drip or never end are stopped by the client's deadline or by its largest body, both small here.
"""

from corpusmill.errors import (
    ContentError,
    DeadlineError,
    DeferredError,
    ForbiddenError,
    NetworkError,
    RedirectError,
    RobotsError,
    TruncatedError,
    UnreachableError,
)
from tests.corpusmill.http.bodies import BOMB, ENCODING, FRAMING, GONE, TEXT, ZIP, Fault, N, whole
from tests.corpusmill.http.server import bomb, hangs, head, moves, once, refuses, repeats, resets, says, sized

FAR = "Thu, 31 Dec 2099 23:59:59 GMT"
STATUS = {
    "error page where nothing tells": Fault(
        sized(b"<h1>Sorry</h1>", "Content-Type: text/html"), body=b"<h1>Sorry</h1>"
    ),
    "no content": Fault(says(head(status="204 No Content")), NetworkError),
    "forbidden": Fault(refuses("403 Forbidden"), NetworkError),
    "login": Fault(refuses("401 Unauthorized", "WWW-Authenticate: Basic"), NetworkError),
    "not a range": Fault(refuses("416 Range Not Satisfiable"), NetworkError),
    "unchanged, unasked": Fault(says(head(status="304 Not Modified")), ContentError),
    "unchanged, with a body": Fault(says(head("Content-Length: 5", status="304 Not Modified"), b"hello"), ContentError),
    "a part, unasked": Fault(
        says(head(f"Content-Range: bytes 0-{N - 1}/{N}", f"Content-Length: {N}", status="206 Partial"), TEXT),
        ContentError,
    ),
    "a part that does not say which": Fault(
        says(head(f"Content-Length: {N}", status="206 Partial"), TEXT), ContentError
    ),
    "several parts": Fault(
        says(head("Content-Type: multipart/byteranges; boundary=x", "Content-Length: 5", status="206 P"), b"--x--"),
        ContentError,
    ),
    "status beyond the table": Fault(refuses("999 No"), NetworkError),
    "status not a number": Fault(says(b"HTTP/1.1 20x OK\r\n\r\n", TEXT), UnreachableError),
    "status negative": Fault(says(b"HTTP/1.1 -20 OK\r\n\r\n", TEXT), UnreachableError),
    "status line alone": Fault(says(b"HTTP/1.1 200 OK\r\n"), TruncatedError),
    "status line that does not end": Fault(repeats(b"HTTP/1.1 200 ", b"x" * 65536, times=1000), UnreachableError),
    "no status line (HTTP/0.9)": Fault(says(TEXT), UnreachableError),
    "another protocol": Fault(says(b"SSH-2.0-OpenSSH_9.2\r\n"), UnreachableError),
    "binary": Fault(says(b"\x00\x01 hello\r\n\r\n"), UnreachableError),
    "empty lines first": Fault(says(b"\r\n" * 9 + head()), UnreachableError),
    "reason with control characters": Fault(says(head("Content-Length: 0", status="400 \x1b[31mNo")), NetworkError),
    "continue, then the answer": Fault(says(head(status="100 Continue"), head(f"Content-Length: {N}"), TEXT)),
    "hints, then the answer": Fault(
        says(head(status="103 Early Hints"), head(f"Content-Length: {N}"), TEXT), NetworkError
    ),
    "continue for ever": Fault(repeats(b"", head(status="100 Continue") * 99), DeadlineError),
    "switching protocols": Fault(says(head("Upgrade: h2c", status="101 Switching Protocols")), NetworkError),
    "broken": Fault(refuses("500 Internal Server Error"), NetworkError),
    "broken once": Fault(once(refuses("500 Internal Server Error"), TEXT)),
    "header of 10 MB": Fault(repeats(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536, times=160), UnreachableError),
    "10,000 headers": Fault(says(head(*["X: y"] * 10_000, f"Content-Length: {N}"), TEXT), UnreachableError),
    "header with a NUL": Fault(says(head("X: a\0b", f"Content-Length: {N}"), TEXT)),
    "header with a bare CR": Fault(says(head("X: a\rContent-Length: 5", f"Content-Length: {N}"), TEXT), ContentError),
    "header without a colon": Fault(says(head(f"Content-Length: {N}", "hello"), TEXT)),
    "header without a colon first": Fault(says(head("hello", f"Content-Length: {N}"), TEXT), TruncatedError),
    "headers dripping": Fault(repeats(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.02), DeadlineError),
    "header dripping": Fault(repeats(b"HTTP/1.1 200 OK\r\nX: ", b"y", 0.02), DeadlineError),
    "hang before the headers": Fault(hangs(), DeadlineError),
    "hang in the headers": Fault(hangs(b"HTTP/1.1 200 OK\r\n"), DeadlineError),
    "accepts and closes": Fault(says(), UnreachableError),
    "accepts and closes once": Fault(once(says(), TEXT)),
    "reset before the headers": Fault(resets(), UnreachableError),
    "cut once": Fault(once(says(head(f"Content-Length: {N}"), TEXT[:9]), TEXT)),
}

LATER = {
    f"{status[:3]}, {name}": Fault(refuses(status, *lines), outcome)
    for status in ("429 Too Many Requests", "503 Service Unavailable")
    for name, lines, outcome in (
        ("no word of when", (), NetworkError),
        ("after 0", ("Retry-After: 0",), NetworkError),
        ("after -5", ("Retry-After: -5",), NetworkError),
        ("after abc", ("Retry-After: abc",), NetworkError),
        ("after 1.5", ("Retry-After: 1.5",), NetworkError),
        ("after nothing", ("Retry-After:",), NetworkError),
        ("after 30", ("Retry-After: 30",), NetworkError),
        ("after a date that is past", (f"Retry-After: {GONE}",), NetworkError),
        ("after a date that is far", (f"Retry-After: {FAR}",), DeferredError),
        ("after a date that is none", ("Retry-After: Thu, 99 Foo 2099 99:99:99 GMT",), NetworkError),
        ("after 1e9", ("Retry-After: 1e9",), NetworkError),
        ("after 30 years", (f"Retry-After: {10**9}",), DeferredError),
        ("after more than a calendar holds", (f"Retry-After: {'9' * 400}",), DeferredError),
        ("after one of two", ("Retry-After: 1", "Retry-After: 86400"), DeferredError),
    )
}

MOVED = {
    "moved": Fault(moves("/whole")),
    "moved for good": Fault(moves("/whole", "308 Permanent Redirect")),
    "moved to a relative address": Fault(moves("./whole#part")),
    "moved with a bomb": Fault(
        says(head("Location: /whole", ZIP, f"Content-Length: {len(BOMB)}", status="302 F"), BOMB)
    ),
    "moved with a body that never ends": Fault(repeats(head("Location: /whole", status="302 F"), b"x" * 65536)),
    "moved with a body that hangs": Fault(hangs(head("Location: /whole", "Content-Length: 9", status="302 F"))),
    "moved with two lengths": Fault(
        says(head("Location: /whole", "Content-Length: 0", "Content-Length: 5", status="302 F"), b"hello"), ContentError
    ),
    "moved to itself": Fault(moves("/x"), RedirectError),
    "moved to and fro": Fault(moves("/back"), RedirectError),
    "moved on and on": Fault(lambda talk: moves(f"{talk.asked.path}x")(talk), RedirectError),
    "moved without an address": Fault(refuses("302 Found"), RedirectError),
    "moved to nothing": Fault(moves(""), RedirectError),
    "moved to a megabyte": Fault(moves("/" + "x" * 1_000_000), UnreachableError),
    "moved to what is no address": Fault(moves("http://[x/"), RedirectError),
    "moved to a port that is none": Fault(moves("http://host:99999/"), RedirectError),
    "moved to a file": Fault(moves("file:///etc/passwd"), ForbiddenError),
    "moved to data": Fault(moves("data:text/plain,hello"), ForbiddenError),
    "moved to ftp": Fault(moves("ftp://127.0.0.1/x"), ForbiddenError),
    "moved to script": Fault(moves("javascript:alert(1)"), ForbiddenError),
    "moved to a login": Fault(moves("http://user:word@127.0.0.1/x"), ForbiddenError),
    "moved several ways": Fault(refuses("300 Multiple Choices", "Location: /whole"), NetworkError),
    "moved from https to http": Fault(moves("http://127.0.0.1:9/x"), ForbiddenError, tls="trusted"),
}

TLS = {
    "TLS trusted": Fault(whole, tls="trusted"),
    "TLS expired": Fault(whole, NetworkError, tls="expired"),
    "TLS of another host": Fault(whole, NetworkError, tls="wrong host"),
    "TLS of nobody's": Fault(whole, NetworkError, tls="untrusted"),
    "TLS unasked": Fault(whole, UnreachableError, tls="trusted", asked_as="http"),
    "TLS not spoken": Fault(whole, NetworkError, greeting=b"SSH-2.0-OpenSSH_9.2\r\n", asked_as="https"),
}

ROBOTS = {
    "robots missing": Fault(whole, robots=refuses("404 Not Found")),
    "robots forbidden": Fault(whole, robots=refuses("403 Forbidden")),
    "robots empty": Fault(whole, robots=sized(b"")),
    "robots refuses": Fault(whole, RobotsError, robots=sized(b"User-agent: *\nDisallow: /x\n")),
    "robots broken": Fault(whole, RobotsError, robots=refuses("500 Oops")),
    "robots later": Fault(whole, RobotsError, robots=refuses("503 Later", f"Retry-After: {10**9}")),
    "robots hangs": Fault(whole, DeadlineError, robots=hangs()),
    "robots hangs in its body": Fault(whole, RobotsError, robots=hangs(head("Content-Length: 99"), b"User-agent")),
    "robots drips": Fault(whole, RobotsError, robots=repeats(head(), b"#", 0.02)),
    "robots hangs up": Fault(whole, UnreachableError, robots=says()),
    "robots resets": Fault(whole, RobotsError, robots=resets(head("Content-Length: 99"), b"User-agent")),
    "robots moves for ever": Fault(whole, robots=moves("/robots.txt")),
    "robots moves to a file": Fault(whole, RobotsError, robots=moves("file:///etc/passwd")),
    "robots that never ends": Fault(whole, robots=repeats(head(), b"# hello\n" * 9999)),
    "robots bomb": Fault(whole, robots=sized(bomb(b"# hello\n" * 99_999, 1000), ZIP)),
    "robots bomb that refuses first": Fault(
        whole, RobotsError, robots=sized(bomb(b"User-agent: *\nDisallow: /\n" + b"#\n" * 99_999, 1000), ZIP)
    ),
}

TABLE: dict[str, Fault] = FRAMING | ENCODING | STATUS | LATER | MOVED | TLS | ROBOTS
