"""A server on loopback that does what servers should not, one path for each trick.

Each case says what the server does and what must come of it: the status its page lands with, and
the rule by which a build keeps or drops it. `docs/hostile.md` is this table, written by the test.
"""

import gzip
import http.server
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

SENTENCES = """
மழை பெய்த மறுநாள் குளத்து நீர் வானத்தின் நிறத்தில் இருந்தது
பறவைகள் கரையோர மரங்களில் இருந்து எழுந்து மறுகரைக்குப் பறந்தன
ஒரு சிறுவன் மட்டும் தூண்டிலை எடுத்துக்கொண்டு தனியே வந்தான்
பாட்டி சொன்ன கதைகளில் எப்போதும் ஒரு காடு இருக்கும்
ஊர்க் கோவில் மணி ஒலித்ததும் கடைகள் ஒவ்வொன்றாகத் திறந்தன
நூலகத்தின் பழைய அலமாரியில் அந்தக் கடிதம் கிடைத்தது
மாலை வெயிலில் பனைமரங்களின் நிழல் வயல் முழுவதும் நீண்டது
தச்சன் தன் மகளுக்கு மரத்தில் ஒரு குதிரை செய்து கொடுத்தான்
பேருந்து நிலையத்தில் யாரோ வீணை வாசித்துக்கொண்டிருந்தார்கள்
கடல் அலைகள் இரவெல்லாம் கற்களோடு பேசிக்கொண்டே இருந்தன
புதிய பள்ளிக்கூடத்தின் சுவரில் குழந்தைகள் ஓவியம் வரைந்தார்கள்
அறுவடை முடிந்ததும் உழவர்கள் களத்து மேட்டில் கூடினார்கள்
மலை உச்சியில் இருந்து பார்த்தால் மூன்று ஆறுகளும் தெரியும்
விளக்கை அணைத்த பிறகுதான் மின்மினிகள் கண்ணில் பட்டன
தபால்காரர் இன்று வெறும் கையோடு திரும்பிப் போனார்
பானை செய்பவரின் சக்கரம் காலை முதல் சுழன்றுகொண்டிருந்தது
"""


HTML = {"Content-Type": "text/html; charset=utf-8"}


@dataclass(frozen=True)
class Case:
    """`answer` replies; `landed` is the page's fetch_status, `rule` its fate in a build."""

    what: str
    answer: Callable
    landed: str
    rule: str
    limits: str = ""


def page(text: str = "", head: str = "") -> bytes:
    """A whole page of good Tamil; each text gives another choice of sentences."""
    chosen = random.Random(text).sample(SENTENCES.strip().split("\n"), 6)
    body = f"<p>{'. '.join(chosen)}. {text}</p>"
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def send(body: bytes, status: int = 200, headers: dict | None = None, length: int | None = None):
    def answer(handler):
        handler.send_response(status)
        for name, value in (HTML if headers is None else headers).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = length is not None

    return answer


def raw(data: bytes):
    """Bytes that need not be HTTP, and then the connection ends."""

    def answer(handler):
        handler.wfile.write(data)
        handler.close_connection = True

    return answer


def to(target: str, status: int = 302):
    return send(b"", status, {"Location": target})


def drip(handler):
    """A byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"<")
        handler.wfile.flush()
        time.sleep(0.2)


def endless(handler):
    """A body of no stated length that does not end."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    chunk = b"<p>x</p>" * 8_192
    try:
        for _ in range(2_000):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    except OSError:
        handler.close_connection = True


def at_first(status: int, seconds: str, text: str):
    """Refuses the first time, with Retry-After."""

    def answer(handler):
        if handler.server.asked[handler.path] > 1:
            send(page(text))(handler)
        else:
            send(b"", status, {"Retry-After": seconds})(handler)

    return answer


def next_of(prefix: str):
    """Links to the next of its kind, for ever."""

    def answer(handler):
        number = int(handler.path.rsplit("/", 1)[1]) + 1
        send(f"<a href='{prefix}/{number}'>{number}</a>".encode())(handler)

    return answer


def hop(handler):
    to(f"/hop/{int(handler.path.rsplit('/', 1)[1]) + 1}")(handler)


TSCII_WORD = bytes([0xAB, 0xF5, 0xC1, 0xA1]) + b" "  # அம்மா
UTF16 = page("இது பதினாறு துண்டுகளில் எழுதப்பட்டது.").decode()
BOMB = gzip.compress(b"0" * 30_000_000)
DEEP = b"<div>" * 50_000 + page("இது மிக ஆழமான பக்கம்.")
XML_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(
        f'<!ENTITY {chr(97 + n)} "{f"&{chr(96 + n)};" * 10}">'.encode() for n in range(1, 12)
    )
    + b"]><urlset><url><loc>http://hostile.example/&l;</loc></url></urlset>"
)
ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    b"<urlset><url><loc>http://hostile.example/entity?&f;</loc></url></urlset>"
)
SELF_SITEMAP = b"<sitemapindex><sitemap><loc>/sitemap-self.xml</loc></sitemap></sitemapindex>"

CASES = {
    "/good": Case("a good page", send(page("நல்ல பக்கம் இது.")), "ok", "kept"),
    "/short": Case(
        "closes the connection in the middle of the body",
        send(page("இது பாதியில் நின்றது.")[:-20], length=90_000),
        "truncated",
        "kept",
    ),
    "/long": Case(
        "sends more than Content-Length says",
        send(page("இது சொன்னதை விட நீளம்."), length=len(page()) + 1),
        "ok",
        "kept",
    ),
    "/gzip-cut": Case(
        "a gzip body cut in the middle",
        send(
            gzip.compress(page("இது சுருக்கியபின் வெட்டப்பட்டது."))[:-9],
            headers=HTML | {"Content-Encoding": "gzip"},
        ),
        "ok",
        "kept",
    ),
    "/gzip-lie": Case(
        "says gzip, sends plain text",
        send(page("இது சுருக்கப்படவில்லை."), headers=HTML | {"Content-Encoding": "gzip"}),
        "failed",
        "failed",
    ),
    "/bomb": Case(
        "30 kB of gzip that unpack to 30 MB",
        send(BOMB, headers=HTML | {"Content-Encoding": "gzip"}),
        "blocked",
        "blocked",
    ),
    "/huge": Case(
        "says it has 100 MB", send(b"<p>" * 99, length=100_000_000), "blocked", "blocked"
    ),
    "/endless": Case("a body without end", endless, "blocked", "blocked"),
    "/drip": Case("a byte every 200 ms, for ever", drip, "failed", "failed"),
    "/reset": Case("closes without an answer", raw(b""), "failed", "failed"),
    "/garbage": Case(
        "answers with no HTTP", raw(b"\x00\xff\x16\x03 hello\r\n\r\n"), "failed", "failed"
    ),
    "/status-999": Case("status 999", send(b"denied", 999), "http_error", "http_status"),
    "/not-modified": Case("304 though nobody asked", send(b"", 304), "http_error", "http_status"),
    "/no-content": Case("204 without body", send(b"", 204), "http_error", "http_status"),
    "/empty": Case("200 with an empty body", send(b""), "ok", "no_main_text"),
    "/soft-404": Case(
        "200 for a page that is not there",
        send("<title>404 Not Found</title><h1>பக்கம் கிடைக்கவில்லை</h1>".encode()),
        "ok",
        "soft_404",
    ),
    "/charset-lie": Case(
        "UTF-8 labelled ISO-8859-1",
        send(
            page("இது தவறான பெயருடன் வந்தது."),
            headers={"Content-Type": "text/html; charset=iso-8859-1"},
        ),
        "ok",
        "kept",
    ),
    "/charset-junk": Case(
        "charset=hex;;; and no such thing",
        send(
            page("இது அறியாத பெயருடன் வந்தது."), headers={"Content-Type": "text/html; charset=hex;;;"}
        ),
        "ok",
        "kept",
    ),
    "/tscii-as-utf-8": Case(
        "TSCII labelled UTF-8, one word sixty times",
        send(b"<html><body><p>" + TSCII_WORD * 60 + b"</p></body></html>"),
        "ok",
        "min_quality_score",
    ),
    "/nul": Case(
        "NUL bytes inside words",
        send(page("இது சுழி கலந்தது.").replace("இருந்".encode(), "இரு\0ந்".encode())),
        "ok",
        "kept",
    ),
    "/utf-16": Case(
        "UTF-16 with its mark",
        send((UTF16 + "<!-- a -->").encode("utf-16"), headers={"Content-Type": "text/html"}),
        "ok",
        "kept",
    ),
    "/pdf-as-html": Case(
        "a damaged PDF labelled text/html",
        send(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>"),
        "ok",
        "unsupported_content",
    ),
    "/gzip-as-html": Case(
        "a gzip file labelled text/html", send(gzip.compress(page())), "ok", "unsupported_content"
    ),
    "/image-as-html": Case(
        "a PNG labelled text/html",
        send(b"\x89PNG\r\n\x1a\n" + bytes(99)),
        "ok",
        "unsupported_content",
    ),
    "/deep": Case("50,000 elements inside each other", send(DEEP), "ok", "kept"),
    "/loop": Case("redirects to itself", to("/loop"), "redirect", "redirect"),
    "/ping": Case("redirects to /pong, which redirects back", to("/pong"), "redirect", "redirect"),
    "/pong": Case("redirects to /ping", to("/ping"), "redirect", "redirect"),
    "/hop/1": Case(
        "redirects to a new address each time", hop, "redirect", "redirect", "10 hops, then left"
    ),
    "/to-nowhere": Case("redirects to no address", to("http://[bad"), "redirect", "redirect"),
    "/to-file": Case(
        "redirects to file:///etc/passwd", to("file:///etc/passwd"), "redirect", "redirect"
    ),
    "/to-private": Case(
        "redirects to http://169.254.169.254/",
        to("http://169.254.169.254/"),
        "redirect",
        "redirect",
    ),
    "/wait": Case(
        "503 with Retry-After: 1, then the page",
        at_first(503, "1", "இது காத்திருந்தபின் வந்தது."),
        "ok",
        "kept",
    ),
    "/wait-long": Case(
        "503 with Retry-After: 86400",
        send(b"", 503, {"Retry-After": "86400"}),
        "failed",
        "failed",
        "asked once",
    ),
    "/noai-header": Case(
        "X-Robots-Tag: noai",
        send(page("அ"), headers=HTML | {"X-Robots-Tag": "noai"}),
        "refused",
        "refused",
    ),
    "/noai-meta": Case(
        "meta robots noai",
        send(page("ஆ", "<meta name=robots content='index, noai'>")),
        "refused",
        "refused",
    ),
    "/tdm-header": Case(
        "tdm-reservation: 1",
        send(page("இ"), headers=HTML | {"TDM-Reservation": "1"}),
        "refused",
        "refused",
    ),
    "/reserved/a": Case(
        "reserved by /.well-known/tdmrep.json",
        send(page("ஈ")),
        "refused",
        "refused",
        "not asked for",
    ),
    "/closed/a": Case(
        "disallowed by robots.txt", send(page("உ")), "disallowed", "disallowed", "not asked for"
    ),
    "/round/": Case(
        "relative links that go round",
        send(b"<a href='round/'>x</a>"),
        "ok",
        "no_main_text",
        "left when it repeats",
    ),
    "/calendar/1": Case(
        "a link to the next month, for ever",
        next_of("/calendar"),
        "ok",
        "no_main_text",
        "max_pages of the source",
    ),
    "/refresh": Case(
        "meta refresh to itself",
        send(page("ஊ இது தானே திரும்பும்.", "<meta http-equiv=refresh content='0; url=/refresh'>")),
        "ok",
        "kept",
    ),
    "/other-base": Case(
        "base href on another host",
        send(
            page("எ இது வேறு தளத்தைச் சுட்டும்.", "<base href='http://elsewhere.example/'>")
            + b"<a href=x>x</a>"
        ),
        "ok",
        "kept",
    ),
    "/%00": Case("%00 in the address", send(page("ஏ இது சுழி முகவரி.")), "ok", "kept"),
    "/%FF%FE": Case(
        "an address that is no UTF-8", send(page("ஐ இது எழுத்தல்லாத முகவரி.")), "ok", "kept"
    ),
    "/session?PHPSESSID=1": Case(
        "a session in every link to itself",
        send(page("ஒ இது அமர்வு எண்ணுடன்.") + b"<a href='/session?PHPSESSID=2'>x</a>"),
        "ok",
        "kept",
        "asked once",
    ),
    "http://2130706433/": Case(
        "a link to loopback as one number", None, "blocked", "blocked", "not asked for"
    ),
    "http://[::ffff:7f00:1]/": Case(
        "a link to loopback as IPv6", None, "blocked", "blocked", "not asked for"
    ),
    "http://localhost/": Case("a link to localhost", None, "blocked", "blocked", "not asked for"),
}
LINKS_ONLY = [
    *("javascript:void(0)", "data:text/html,x", "file:///etc/passwd", "ftp://hostile.example/x"),
    *("//[", "http://hostile.example:port/", "http://elsewhere.example/", "mailto:a@b.example"),
]
SITEMAPS = {
    "/sitemap-self.xml": SELF_SITEMAP,
    "/sitemap-bomb.xml": XML_BOMB,
    "/sitemap-entity.xml": ENTITY,
    "/sitemap-cut.xml": b"<urlset><url><loc>/good</loc></url><url><lo",
    "/sitemap-empty.xml": b"",
    "/sitemap-html.xml": b"<!doctype html><html><body>not found</body></html>",
}
ROBOTS = b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /closed/\r\n"
TDMREP = b'[{"location": "/reserved/*", "tdm-reservation": 1}]'


class Hostile(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.asked[self.path] += 1
        path = self.path.split("?")[0]
        case = CASES.get(self.path) or CASES.get(path)
        if path == "/":
            links = [*CASES, *LINKS_ONLY]
            send("".join(f'<a href="{link}">x</a>' for link in links).encode())(self)
        elif path == "/robots.txt":
            status, body = getattr(self.server, "robots", (200, ROBOTS))
            send(body, status, {"Content-Type": "text/html"})(self)
        elif path == "/.well-known/tdmrep.json":
            send(TDMREP, headers={"Content-Type": "application/json"})(self)
        elif path in SITEMAPS:
            send(SITEMAPS[path], headers={"Content-Type": "application/xml"})(self)
        elif case and case.answer:
            case.answer(self)
        elif path.startswith("/calendar/"):
            next_of("/calendar")(self)
        elif path.startswith("/hop/"):
            hop(self)
        elif path.startswith("/round/"):
            CASES["/round/"].answer(self)
        elif path.startswith("/session"):
            CASES["/session?PHPSESSID=1"].answer(self)
        else:
            send(b"gone", 404)(self)

    do_HEAD = do_GET
