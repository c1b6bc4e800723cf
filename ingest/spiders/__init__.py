"""One spider for each kind of source; the registry's `kind` chooses among them."""

from ingest.spiders.madurai import MaduraiSpider
from ingest.spiders.mediawiki import MediaWikiSpider
from ingest.spiders.posts import BloggerSpider, WordPressSpider
from ingest.spiders.site import SiteSpider

SPIDERS = {
    "site": SiteSpider,
    "madurai": MaduraiSpider,
    "mediawiki": MediaWikiSpider,
    "blogger": BloggerSpider,
    "wordpress": WordPressSpider,
}
