"""The kinds of sources, each against a server on loopback that behaves as its like do."""

import http.server
import json
import socket
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qs, quote, unquote, urlsplit

import duckdb
import pytest
from conftest import run_aadhan, serve

SETTINGS = '[crawl]\ncontact = "tests@aadhan.example"\ndelay_seconds = 0.0\nflush_pages = 20\n'
TEXT = "ஊர் நடுவில் ஒரு குளம் இருந்தது"


class Answers(http.server.BaseHTTPRequestHandler):
    """Hands every request to the server's `answer(path, query)`: status, headers, body."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.asked[self.path] += 1
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        status, headers, body = self.server.answer(unquote(parts.path), query)
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


MISSING = (404, {"Content-Type": "text/plain"}, b"not here")
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture
def crawl(tmp_path):
    """crawl(registry entry, server): the answer of the verb, and how it ended."""
    (tmp_path / "aadhan.toml").write_text(SETTINGS)

    def run(entry, server, *more, status=0):
        (tmp_path / "sources.toml").write_text(entry, encoding="utf-8")
        name = entry.split("]")[0].strip().lstrip("[")
        base = ("--base-url", server.url) if server else ()
        arguments = ("crawl", "--source", name, *base, "--format", "json", *more)
        done = run_aadhan(*arguments, cwd=tmp_path, timeout=60)
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return json.loads(done.stdout)[0] if done.stdout else done.stderr

    return run


@pytest.fixture
def server():
    with serve(Answers) as running:
        yield running


def landed(tmp_path, columns="url, fetch_status", where="true"):
    files = f"{tmp_path}/data/raw/*/*/*.parquet"
    return duckdb.sql(
        f"select {columns} from read_parquet('{files}') where {where} order by all"
    ).fetchall()


# ------------------------------------------------------------------ feeds and news sitemaps

NEWS = """[paper]
home = "https://paper.example/"
category = "news"
feeds = ["/rss.xml"]
sitemaps = ["/news.xml"]
follow_links = false
"""


def paper(path, query):
    link = "https://paper.example/story"
    if path == "/rss.xml":
        items = "".join(
            f"<item><title>செய்தி {n}</title><link>{link}/{n}?utm_source=rss</link>"
            "<dc:creator>நிருபர்</dc:creator>"
            f"<pubDate>{format_datetime(datetime(2026, 1, n, tzinfo=UTC))}</pubDate></item>"
            for n in (1, 2)
        )
        namespace = "xmlns:dc='http://purl.org/dc/elements/1.1/'"
        return (
            200,
            {"Content-Type": "application/rss+xml"},
            (
                f"<?xml version='1.0'?><rss version='2.0' {namespace}>"
                f"<channel>{items}</channel></rss>"
            ),
        )
    if path == "/news.xml":
        namespaces = (
            "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
            "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'"
        )
        return (
            200,
            {"Content-Type": "application/xml"},
            (
                f"<urlset {namespaces}><url><loc>{link}/3</loc>"
                "<news:news><news:title>மூன்று</news:title>"
                "<news:publication_date>2026-01-03</news:publication_date></news:news>"
                "</url></urlset>"
            ),
        )
    if path.startswith("/story/"):
        return 200, HTML, f"<p>{TEXT}</p><a href='/archive/1'>முந்தையவை</a>"
    return MISSING


def test_feeds_and_news_sitemaps_tell_the_articles(server, crawl, tmp_path):
    server.answer = paper
    assert crawl(NEWS, server)["ok"] == 3
    rows = landed(tmp_path, "url, record")
    assert [url for url, _ in rows] == [f"https://paper.example/story/{n}" for n in (1, 2, 3)]
    record = json.loads(rows[0][1])
    assert record["title"] == "செய்தி 1" and record["author"] == "நிருபர்"
    assert "2026" in record["published_at"]
    assert not [path for path in server.asked if path.startswith("/archive")]


def test_a_feed_that_is_none_is_told(server, crawl, tmp_path):
    server.answer = lambda path, query: (
        (200, HTML, "<html>x</html>") if path == "/rss.xml" else paper(path, query)
    )
    assert crawl(NEWS, server)["ok"] == 1


# ------------------------------------------------------------------ documents

DEPARTMENT = """[department]
home = "https://department.example/ta/"
category = "government"
start_urls = ["/ta/"]
files = ["pdf"]
exclude = ["/en/"]
"""


def department(path, query):
    if path == "/robots.txt":
        return 200, {"Content-Type": "text/plain"}, "Sitemap: https://department.example/map.xml\n"
    if path == "/map.xml":
        locations = "<url><loc>https://department.example/ta/3.html</loc></url>"
        return 200, {"Content-Type": "application/xml"}, f"<urlset>{locations}</urlset>"
    if path == "/ta/":
        links = ["1.pdf", "2.PDF?v=1", "a.docx", "/en/x.html", "x.zip"]
        return 200, HTML, "".join(f"<a href='{link}'>x</a>" for link in links)
    if path.lower().endswith(".pdf"):
        return 200, {"Content-Type": "application/octet-stream"}, b"%PDF-1.4 " + path.encode()
    return 200, HTML, TEXT


def test_documents_are_taken_and_robots_txt_names_the_sitemap(server, crawl, tmp_path):
    server.answer = department
    crawl(DEPARTMENT, server)
    home = "https://department.example/ta/"
    assert [url for url, _ in landed(tmp_path)] == [
        *(home, f"{home}1.pdf", f"{home}2.PDF?v=1", f"{home}3.html")
    ]


# ------------------------------------------------------------------ MediaWiki

WIKI = """[wiki]
home = "https://wiki.example/"
kind = "mediawiki"
api = "/w/api.php"
robots_exempt = ["/w/api.php"]
category = "encyclopedia"
licence = "CC-BY-SA-4.0"
"""


class Wiki:
    """What a MediaWiki's API says of some articles: lists, texts, continuation, maxlag."""

    def __init__(self, titles):
        self.pages = {n: [title, 100 + n, "2026-01-01T00:00:00Z"] for n, title in enumerate(titles)}
        self.busy = 0
        self.at_once = 3

    def __call__(self, path, query):
        if path == "/robots.txt":
            return 200, {"Content-Type": "text/plain"}, "User-agent: *\nDisallow: /w/\n"
        if path != "/w/api.php":
            return MISSING
        assert query["maxlag"] == "5" and query["formatversion"] == "2"
        if self.busy:
            self.busy -= 1
            headers = {"Content-Type": "application/json", "Retry-After": "0"}
            return 200, headers, '{"error": {"code": "maxlag", "info": "5 seconds lagged"}}'
        answer = self.texts(query) if "pageids" in query else self.titles(query)
        return 200, {"Content-Type": "application/json"}, json.dumps(answer)

    def titles(self, query):
        ids = sorted(self.pages)
        if query["generator"] == "recentchanges":
            ids = [n for n in ids if self.pages[n][2] >= query["grcstart"]]
        first = int(query.get("gapcontinue", query.get("grccontinue", 0)))
        here = ids[first : first + self.at_once]
        pages = [
            {"pageid": n, "ns": 0, "title": self.pages[n][0], "lastrevid": self.pages[n][1]}
            for n in here
        ]
        answer = {"batchcomplete": True, "query": {"pages": pages}}
        if first + self.at_once < len(ids):
            name = "grccontinue" if query["generator"] == "recentchanges" else "gapcontinue"
            answer["continue"] = {name: first + self.at_once, "continue": f"{name}||"}
        return answer

    def texts(self, query):
        """Two texts at a time, the others with the next part, as a long answer is cut."""
        ids = [int(n) for n in query["pageids"].split("|")]
        first = int(query.get("rvcontinue", 0))
        pages = []
        for place, n in enumerate(ids):
            title, revid, stamp = self.pages.get(n, (None, 0, ""))
            page = {"pageid": n, "ns": 0, "title": title}
            if title is None:
                page = {"pageid": n, "missing": True}
            elif first <= place < first + 2:
                slot = {"contentmodel": "wikitext", "contentformat": "text/x-wiki"}
                slot["content"] = f"'''{title}''' {TEXT} {revid}"
                revision = {"revid": revid, "timestamp": stamp, "slots": {"main": slot}}
                page["revisions"] = [revision]
            pages.append(page)
        answer = {"query": {"pages": pages}}
        if first + 2 < len(ids):
            answer["continue"] = {"rvcontinue": first + 2, "continue": "||"}
        return answer


def test_a_wiki_is_taken_whole_and_then_by_its_changes(server, crawl, tmp_path):
    server.answer = wiki = Wiki(["நெல்", "பனை மரம்", "என்ன?", "ஆறு/நீர்", "குளம்", "ஏரி", "கடல்"])
    wiki.busy = 2
    assert crawl(WIKI, server)["ok"] == 7
    rows = landed(tmp_path, "url, content_type, record, decode(body)", "url like '%பனை%'")
    ((url, kind, record, text),) = rows or landed(
        tmp_path, "url, content_type, record, decode(body)", f"url like '%{quote('பனை')}%'"
    )
    assert unquote(url) == "https://wiki.example/wiki/பனை_மரம்"
    assert kind.startswith("text/x-wiki") and text.startswith("'''பனை மரம்'''")
    assert json.loads(record)["revid"] == 101
    assert len({row[0] for row in landed(tmp_path, "canonical_url")}) == 7

    server.asked.clear()
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    wiki.pages[1] = ["பனை மரம்", 555, now]
    wiki.pages[9] = ["புதியது", 556, now]
    assert crawl(WIKI, server)["ok"] == 2
    assert all(
        "recentchanges" in path or "pageids" in path for path in server.asked if "api" in path
    )


def test_a_wiki_crawl_goes_on_where_it_was_bounded(server, crawl, tmp_path):
    server.answer = Wiki([f"கட்டுரை {n}" for n in range(9)])
    assert crawl(WIKI, server, "--max-records", "4")["ok"] == 4
    assert crawl(WIKI, server)["ok"] == 5
    assert len({row[0] for row in landed(tmp_path, "canonical_url")}) == 9


def test_a_wiki_that_fails_leaves_the_run_unfinished(server, crawl, tmp_path):
    wiki = Wiki(["நெல்", "மரம்", "குளம்", "ஏரி"])
    server.answer = lambda path, query: (
        (200, HTML, "<html>") if "gapcontinue" in query else wiki(path, query)
    )
    crawl(WIKI, server, status=1)
    server.answer = wiki
    assert crawl(WIKI, server)["ok"] == 1
    assert len(landed(tmp_path)) == 4


# ------------------------------------------------------------------ Blogger and WordPress


def blog(kind):
    return f'[blog]\nhome = "https://blog.example/"\nkind = "{kind}"\ncategory = "blog"\n'


def atom(posts, start, count):
    entries = "".join(
        f"<entry><id>{n}</id><title>இடுகை {n}</title>"
        f"<published>2026-02-0{n % 9 + 1}T00:00:00Z</published>"
        f"<author><name>எழுத்தாளர்</name></author><category term='கவிதை'/>"
        f"<link rel='alternate' href='https://blog.example/{n}.html'/>"
        f"<content type='html'>&lt;p&gt;{TEXT} {n}&lt;/p&gt;</content></entry>"
        for n in posts[start : start + count]
    )
    return f"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>"


def blogger(posts):
    def answer(path, query):
        if path != "/feeds/posts/default":
            return MISSING
        start, count = int(query["start-index"]) - 1, min(int(query["max-results"]), 4)
        return 200, {"Content-Type": "application/atom+xml"}, atom(posts, start, count)

    return answer


def test_a_blogger_blog_is_read_to_its_end(server, crawl, tmp_path):
    server.answer = blogger(list(range(1, 11)))
    assert crawl(blog("blogger"), server)["ok"] == 10
    ((url, body, record),) = landed(tmp_path, "url, decode(body), record", "url like '%/7.html'")
    assert body == f"<p>{TEXT} 7</p>"
    assert json.loads(record) | {"labels": ["கவிதை"], "author": "எழுத்தாளர்"} == json.loads(record)
    answer = crawl(blog("blogger"), server)
    assert (answer["ok"], answer["not_modified"]) == (0, 10)


def wordpress(posts, closed=False):
    def answer(path, query):
        if path == "/feed/" and closed:
            page = int(query["paged"])
            shown = atom(posts, (page - 1) * 4, 4)
            is_past = (page - 1) * 4 >= len(posts)
            return MISSING if is_past else (200, {"Content-Type": "application/rss+xml"}, shown)
        if path != "/wp-json/wp/v2/posts" or closed:
            return (401, {}, '{"code": "rest_forbidden"}') if closed and "wp" in path else MISSING
        page = int(query["page"])
        chosen = posts[(page - 1) * 4 : page * 4]
        if not chosen and page > 1:
            return 400, {}, '{"code": "rest_post_invalid_page_number"}'
        objects = [
            {
                "id": n,
                "link": f"https://blog.example/{n}/",
                "title": {"rendered": f"இடுகை {n}"},
                "content": {"rendered": f"<p>{TEXT} {n}</p>"},
                "date_gmt": "2026-02-01T00:00:00",
                "_embedded": {"author": [{"name": "எழுத்தாளர்"}]},
            }
            for n in chosen
        ]
        return 200, {"X-WP-TotalPages": str(-(-len(posts) // 4))}, json.dumps(objects)

    return answer


@pytest.mark.parametrize("closed", [False, True])
def test_a_wordpress_blog_is_read_by_its_api_or_its_feed(server, crawl, tmp_path, closed):
    server.answer = wordpress(list(range(1, 10)), closed)
    assert crawl(blog("wordpress"), server)["ok"] == 9
    titles = [json.loads(row[0])["title"] for row in landed(tmp_path, "record")]
    assert sorted(titles) == [f"இடுகை {n}" for n in range(1, 10)]


@pytest.mark.parametrize("kind", ["blogger", "wordpress"])
def test_a_list_of_posts_that_cannot_be_read_leaves_the_run_unfinished(server, crawl, kind):
    server.answer = lambda path, query: (200, HTML, "<html>under repair</html>")
    assert crawl(blog(kind), server, status=1)["ok"] == 0


# ------------------------------------------------------------------ Project Madurai

MADURAI = """[works]
home = "https://works.example/"
kind = "madurai"
category = "literature"
start_urls = ["/"]
"""


def works(path, query):
    def row(number, title, pdf, html):
        links = "".join(
            f"<td><a href='{link}'>{link}</a></td>" if link else "<td>-</td>"
            for link in (pdf, html)
        )
        return f"<tr><td>{number}</td><td>{title}</td><td>ஆசிரியர்</td><td>காப்பியம்</td>{links}</tr>"

    if path == "/pmworks.html":
        rows = row(1, "ஒன்று", "/pdf/1.pdf", "/1.html") + row(2, "இரண்டு", "/pdf/2.pdf", "/2.html")
        rows += row(3, "மூன்று", "/pdf/3.pdf", "") + row(
            1, "ஒன்றின் பின்பகுதி", "/pdf/1.pdf", "/1.html"
        )
        return (
            200,
            HTML,
            f"<table><tr><th>Work no.</th></tr>{rows}</table><a href='/about.html'>x</a>",
        )
    if path in ("/", "/1.html", "/about.html"):
        return 200, HTML, f"<p>{TEXT} {path}</p>"
    if path in ("/pdf/2.pdf", "/pdf/3.pdf", "/pdf/1.pdf"):
        return 200, {"Content-Type": "application/pdf"}, b"%PDF-1.4 " + path.encode()
    return MISSING


def test_the_catalogue_names_works_and_pdfs_stand_in_for_what_is_missing(server, crawl, tmp_path):
    server.answer = works
    crawl(MADURAI, server)
    rows = {url: record for url, record in landed(tmp_path, "url, record", "fetch_status = 'ok'")}
    home = "https://works.example"
    assert set(rows) == {
        f"{home}{path}"
        for path in ("/", "/pmworks.html", "/about.html", "/1.html", "/pdf/2.pdf", "/pdf/3.pdf")
    }
    assert json.loads(rows[f"{home}/1.html"]) == {
        "number": "1",
        "title": "ஒன்று; ஒன்றின் பின்பகுதி",
        "author": "ஆசிரியர்",
        "genre": "காப்பியம்",
    }
    assert json.loads(rows[f"{home}/pdf/2.pdf"])["title"] == "இரண்டு"
    assert rows[f"{home}/about.html"] is None


# ------------------------------------------------------------------ what a review found


def test_a_wiki_or_blog_without_news_finishes_quietly(server, crawl, tmp_path):
    """The daily case: the second crawl lands nothing and is no error."""
    server.answer = Wiki(["நெல்"])
    assert crawl(WIKI, server)["ok"] == 1
    assert crawl(WIKI, server)["ok"] == 0
    assert crawl(WIKI, server)["ok"] == 0
    server.answer = wordpress([])
    assert crawl(blog("wordpress"), server)["ok"] == 0


def test_a_post_of_nulls_does_not_end_the_list(server, crawl, tmp_path):
    posts = wordpress(list(range(1, 10)))

    def answer(path, query):
        status, headers, body = posts(path, query)
        if query.get("page") == "1":
            body = body.replace('{"rendered": "இடுகை 2"}', "null").replace(
                json.dumps({"rendered": "இடுகை 2"}), "null"
            )
            assert "null" in body
        return status, headers, body

    server.answer = answer
    assert crawl(blog("wordpress"), server)["ok"] == 9


def test_titles_of_posts_are_text_and_dates_are_dates(server, crawl, tmp_path):
    posts = wordpress([1])

    def answer(path, query):
        status, headers, body = posts(path, query)
        if status == 200:
            body = body.replace(json.dumps("இடுகை 1")[1:-1], "A &#8211; <i>B</i>")
        return status, headers, body

    server.answer = answer
    crawl(blog("wordpress"), server)
    assert json.loads(landed(tmp_path, "record")[0][0])["title"] == "A – B"


def test_a_blog_that_reserves_its_posts_later_loses_them(server, crawl, tmp_path):
    posts = wordpress([1, 2, 3])
    server.answer = posts
    assert crawl(blog("wordpress"), server)["ok"] == 3
    server.answer = lambda path, query: (
        (200, {}, "User-agent: *\nContent-Signal: ai-train=no")
        if path == "/robots.txt"
        else posts(path, query)
    )
    assert crawl(blog("wordpress"), server)["refused"] == 3


def test_a_wiki_that_reserves_its_texts_is_refused(server, crawl, tmp_path):
    wiki = Wiki(["நெல்", "ஆறு"])

    def answer(path, query):
        status, headers, body = wiki(path, query)
        return status, headers | {"X-Robots-Tag": "noai"}, body

    server.answer = answer
    assert crawl(WIKI, server)["refused"] == 2
    assert landed(tmp_path, "body", "body is not null") == []


@pytest.mark.parametrize("kind", ["wiki", "blog"])
def test_what_was_reserved_for_a_day_comes_back(server, crawl, tmp_path, kind):
    answers = Wiki(["நெல்", "ஆறு"]) if kind == "wiki" else wordpress([1, 2])
    entry = WIKI if kind == "wiki" else blog("wordpress")

    def reserved(path, query):
        if path == "/robots.txt":
            return 200, {}, "User-agent: *\nContent-Signal: ai-train=no"
        return answers(path, query)

    for answer, status, count in ((answers, "ok", 2), (reserved, "refused", 2), (answers, "ok", 2)):
        server.answer = answer
        assert crawl(entry, server)[status] == count


def test_a_wiki_that_reserves_itself_while_nothing_changes_is_withdrawn(server, crawl):
    server.answer = wiki = Wiki(["நெல்", "ஆறு"])
    assert crawl(WIKI, server)["ok"] == 2

    def reserved(path, query):
        status, headers, body = wiki(path, query)
        return status, headers | {"TDM-Reservation": "1"}, body

    server.answer = reserved
    assert crawl(WIKI, server)["refused"] == 2


@pytest.mark.parametrize("kind", ["blogger", "wordpress"])
def test_a_list_that_is_always_the_same_ends(server, crawl, kind):
    def answer(path, query):
        if kind == "blogger":
            return blogger([1, 2])(path, query | {"start-index": "1"})
        status, _, body = wordpress([1, 2])(path, query | {"page": "1"})
        return status, {}, body

    server.answer = answer
    assert crawl(blog(kind), server)["ok"] == 2


def test_what_a_feed_told_once_stays_though_the_page_changes(server, crawl, tmp_path):
    server.answer = paper
    crawl(NEWS, server)
    server.answer = lambda path, query: (
        (200, {"Content-Type": "text/xml"}, "<rss version='2.0'><channel/></rss>")
        if path == "/rss.xml"
        else (200, HTML, TEXT + " புதியது")
        if path.startswith("/story/")
        else paper(path, query)
    )
    assert crawl(NEWS, server)["ok"] == 3
    titles = landed(tmp_path, "json_extract_string(record, '$.title')", "url like '%/1'")
    assert titles == [("செய்தி 1",), ("செய்தி 1",)]


def test_an_entry_that_has_changed_is_crawled_as_a_whole(server, crawl, tmp_path):
    server.answer = Wiki(["நெல்", "ஆறு"])
    crawl(WIKI, server)
    server.asked.clear()
    crawl(WIKI + "namespaces = [0, 104]\n", server)
    assert any("gapnamespace=104" in path for path in server.asked)


def test_sitemaps_and_feeds_that_have_moved_are_followed(server, crawl, tmp_path):
    moved = {"/rss.xml": "/rss2.xml", "/news.xml": "/news2.xml"}

    def answer(path, query):
        if path in moved:
            return 301, {"Location": moved[path]}, ""
        return paper({to: old for old, to in moved.items()}.get(path, path), query)

    server.answer = answer
    assert crawl(NEWS, server)["ok"] == 3


def test_a_news_sitemap_tells_title_and_date(server, crawl, tmp_path):
    server.answer = paper
    crawl(NEWS, server)
    ((record,),) = landed(tmp_path, "record", "url like '%/3'")
    assert json.loads(record) == {"title": "மூன்று", "published_at": "2026-01-03"}
    ((record,),) = landed(tmp_path, "record", "url like '%/2'")
    assert json.loads(record)["published_at"] == "2026-01-02T00:00:00Z"


def test_nothing_leaves_for_the_public_host_from_a_mirror(server, crawl, tmp_path):
    """Other spellings of home are home, other ports are another server."""
    links = ["HTTPS://X.example/a", "https://x.example:443/b", "https://u:p@x.example/c"]
    links += ["http://x.example:80/d", "https://x.example:8080/e", "https://x.example./f"]
    server.answer = lambda path, query: (
        200,
        HTML,
        "".join(f"<a href='{link}'>x</a>" for link in links) if path == "/" else TEXT + path,
    )
    entry = '[x]\nhome = "https://x.example/"\ncategory = "news"\n'
    entry += 'aliases = ["x.example"]\n'
    answer = crawl(entry, server)
    assert answer["failed"] == 0
    urls = [url for url, _ in landed(tmp_path)]
    assert urls == [f"https://x.example/{path}" for path in ("", "a", "b", "c", "d", "f")]


def test_hosts_are_named_beside_home(server, crawl, tmp_path):
    (tmp_path / "aadhan.toml").write_text(SETTINGS)
    server.answer = lambda path, query: (200, HTML, TEXT)
    entry = '[x]\nhome = "https://x.example/"\ncategory = "news"\nhosts = ["Blog.x.example"]\n'
    assert crawl(entry, server)["ok"] == 1


def test_a_redirect_to_another_writing_of_a_page_is_the_page(server, crawl, tmp_path):
    """With a session in the address, the answer of the second request is the page's."""

    def answer(path, query):
        if path == "/" and not query:
            return 302, {"Location": "/?PHPSESSID=7"}, ""
        if path == "/round":
            return 302, {"Location": f"/round?PHPSESSID={len(server.asked)}"}, ""
        return 200, HTML, TEXT + "<a href='/round'>x</a>"

    server.answer = answer
    entry = f'[x]\nhome = "{server.url}"\ncategory = "news"\n'
    answered = crawl(entry, None)
    assert answered["ok"] == 1
    rows = landed(tmp_path, "canonical_url, fetch_status")
    assert (server.url, "ok") in rows
    assert sum(count for path, count in server.asked.items() if "round" in path) == 11


def test_a_text_that_moved_to_nowhere_gives_way_to_its_pdf(server, crawl, tmp_path):
    def answer(path, query):
        if path == "/1.html":
            return 301, {"Location": "/gone.html"}, ""
        if path == "/pdf/1.pdf":
            return 301, {"Location": "/files/1.pdf"}, ""
        if path == "/files/1.pdf":
            return 200, {"Content-Type": "application/pdf"}, b"%PDF-1.4 x"
        return works(path, query)

    server.answer = answer
    crawl(MADURAI, server)
    rows = {url: record for url, record in landed(tmp_path, "url, record", "fetch_status = 'ok'")}
    assert json.loads(rows["https://works.example/files/1.pdf"])["number"] == "1"


def test_a_bad_sitemap_line_in_robots_txt_stops_nothing(server, crawl):
    server.answer = lambda path, query: (
        (200, {}, "Sitemap: http://[x]/\nSitemap: javascript:x")
        if "robots" in path
        else (200, HTML, "x")
    )
    assert crawl('[x]\nhome = "https://x.example/"\ncategory = "news"\n', server)["ok"] == 1


def test_a_page_that_always_fails_does_not_keep_a_run_open(server, crawl, tmp_path):
    bad = iter(range(99))

    def answer(path, query):
        if path == "/bad":
            next(bad)
            raise ConnectionError("dropped")
        links = "".join(f"<a href='/{n}'>x</a>" for n in range(4)) + "<a href='/bad'>x</a>"
        return 200, HTML, links if path == "/" else TEXT + path

    server.answer = answer
    entry = '[x]\nhome = "https://x.example/"\ncategory = "news"\n'
    crawl(entry, server, status=1)
    server.asked.clear()
    crawl(entry, server)
    assert set(server.asked) <= {"/bad", "/robots.txt", "/.well-known/tdmrep.json"}
    assert crawl(entry, server, status=1)["not_modified"] == 5, "a new run asks for all again"


def test_one_source_that_fails_does_not_hide_the_others(server, tmp_path):
    (tmp_path / "aadhan.toml").write_text(SETTINGS)
    server.answer = lambda path, query: (200, HTML, TEXT)
    (tmp_path / "sources.toml").write_text(
        f'[good]\nhome = "{server.url}"\ncategory = "news"\n'
        '[bad]\nhome = "http://127.0.0.1:9/"\ncategory = "news"\n'
    )
    arguments = ("crawl", "--source", "good", "--source", "bad", "--format", "json")
    done = run_aadhan(*arguments, cwd=tmp_path)
    assert done.returncode == 1 and "no answer" in done.stderr
    assert [one["ok"] for one in json.loads(done.stdout)] == [1, 0]


def test_bounded_crawls_go_on_to_what_is_new(server, crawl, tmp_path):
    server.answer = wordpress(list(range(1, 10)))
    for _ in range(3):
        assert crawl(blog("wordpress"), server, "--max-records", "2")["ok"] == 2
    assert len({url for url, _ in landed(tmp_path)}) == 6


def test_validators_of_a_mirror_do_not_go_to_another_address(crawl, tmp_path):
    """A run that was resumed at another address belongs to neither."""
    from ingest.landing import last_crawl

    def answer(path, query):
        return 200, HTML | {"ETag": '"1"'}, f"{TEXT} {path}"

    entry = '[x]\nhome = "https://x.example/"\ncategory = "news"\n'
    with serve(Answers) as first, serve(Answers) as second:
        first.answer = second.answer = answer
        crawl(entry, first)
        run = last_crawl(tmp_path / "data", "x")
        record = json.loads((run / "run.json").read_text())
        (run / "run.json").write_text(json.dumps(record | {"finished": False}))
        crawl(entry, second)
    assert json.loads((run / "run.json").read_text())["base_url"] == "several"


# ------------------------------------------------------------------ the registry and the guard


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("[x]\ncategory = 'news'", "it needs home"),
        ("[x]\nhome = 'ftp://a.example/'\ncategory = 'news'", "home must be an address"),
        ("[x]\nhome = 'https://a.example/'\ncategory = 'nows'", "no category 'nows'"),
        ("[x]\nhome = 'https://a.example/'\ncategory = 'news'\nkind = 'rss'", "no kind 'rss'"),
        (
            "[x]\nhome = 'https://a.example/'\ncategory = 'news'\nfeed = ['/']",
            "unknown field 'feed'",
        ),
        ("[x]\nhome = 'https://a.example/'\ncategory = 'news'\nfeeds = '/'", "must be a list"),
        ("[x]\nhome = 'https://a.example/'\ncategory = 'news'\nexclude = ['[']", "unterminated"),
        ("x = 3", "write it as a table"),
        ("[x", "cannot read the source registry"),
    ],
)
def test_a_wrong_entry_is_told(entry, told, tmp_path, aadhan_fails):
    (tmp_path / "sources.toml").write_text(entry)
    assert told in aadhan_fails("sources")


def test_a_name_that_resolves_to_a_private_address_is_blocked(crawl, server, tmp_path):
    """What a hostile DNS answer would do: the machine's own name leads to itself."""
    name = socket.gethostname()
    try:
        address = socket.gethostbyname(name)
    except OSError:
        pytest.skip("this machine's name does not resolve")
    if name == "localhost" or not address.startswith(("127.", "10.", "192.168.", "172.")):
        pytest.skip("this machine's name does not resolve to a private address")
    server.answer = lambda path, query: (200, HTML, "secret")
    port = urlsplit(server.url).port
    entry = f'[x]\nhome = "http://{name}:{port}/"\ncategory = "news"\nstart_urls = ["/"]\n'
    assert crawl(entry, None)["blocked"] == 1
    assert not server.asked
    ((detail,),) = landed(tmp_path, "fetch_detail")
    assert "resolves to the private address" in detail


def test_a_redirected_robots_txt_cannot_reach_the_network_inside(crawl, server, tmp_path):
    port = urlsplit(server.url).port + 1
    server.answer = lambda path, query: (
        (302, {"Location": f"http://127.0.0.1:{port}/"}, "")
        if "robots" in path
        else (200, HTML, "x")
    )
    entry = '[x]\nhome = "https://x.example/"\ncategory = "news"\nstart_urls = ["/"]\n'
    assert crawl(entry, server)["blocked"] == 1
    assert "private address" in landed(tmp_path, "fetch_detail")[0][0]
