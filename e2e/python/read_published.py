"""What outside readers make of what is published about an event: read_published.py BASE SLUG prints it as JSON.

BASE is the address of a server, or a folder in which the documents lie at their paths (`/` as `index.html`, pages with `.html`). Calendars are read by
`icalendar`, feeds by `feedparser` and by Python's own XML parser (which is told of what `feedparser` does not know), JSON-LD by `pyld`. Whatever is not
there is `null`; whatever a reader complains of is in `complaints`.
"""

import json
import pathlib
import struct
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import feedparser
import icalendar
from pyld import jsonld

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
}
# Of schema.org's own context, which is not fetched: every word of it is one of schema.org, and these are addresses.
CONTEXT = {"@vocab": "https://schema.org/", "url": {"@type": "@id"}, "image": {"@type": "@id"}, "eventStatus": {"@type": "@id"}, "eventAttendanceMode": {"@type": "@id"}, "contentUrl": {"@type": "@id"}}


class Published:
    """Documents by their paths."""

    def __init__(self, base):
        self.base = base.rstrip("/")
        self.is_server = "://" in base

    def get(self, path, headers=None):
        """Status, headers and bytes; `None` where nothing is."""
        if not self.is_server:
            name = "/index.html" if path == "/" else path
            file = pathlib.Path(self.base + name)
            if not file.is_file():
                file = pathlib.Path(f"{file}.html")
            return (200, {}, file.read_bytes()) if file.is_file() else None
        request = urllib.request.Request(self.base + path, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return (304, error.headers, b"") if error.code == 304 else None

    def body(self, path):
        found = self.get(path)
        return found and found[2]

    def conditions(self, path):
        """What is answered to who has this version, and to who has another."""
        if not self.is_server:
            return None
        _, headers, _ = self.get(path)
        status = lambda tag: (self.get(path, {"if-none-match": tag}) or [404])[0]
        return {"etag": headers["etag"], "same": status(headers["etag"]), "old": status('"an-old-one"')}


def calendar(published, path):
    body = published.body(path)
    if body is None:
        return None
    read = icalendar.Calendar.from_ical(body)
    text = lambda event, name: str(event[name]) if name in event else None
    events = [
        {
            "uid": text(event, "UID"),
            "sequence": int(event.get("SEQUENCE", 0)),
            "status": text(event, "STATUS"),
            "summary": text(event, "SUMMARY"),
            "description": text(event, "DESCRIPTION"),
            "url": text(event, "URL"),
            "start": event.decoded("DTSTART").isoformat(),
            "end": event.decoded("DTEND").isoformat(),
            "changed": event.decoded("LAST-MODIFIED").isoformat(),
            "alarms_s": [alarm.decoded("TRIGGER").total_seconds() for alarm in event.walk("VALARM")],
        }
        for event in read.walk("VEVENT")
    ]
    return {
        "name": text(read, "X-WR-CALNAME"),
        "method": text(read, "METHOD"),
        "events": events,
        "complaints": [str(error) for part in read.walk() for error in part.errors],
        "conditions": published.conditions(path),
    }


def child(element, name):
    found = element.find(name, NAMESPACES)
    return None if found is None else found.text


def entry(element):
    """An item or a live item, as XML has it."""
    enclosure = element.find("enclosure")
    chapters = element.find("podcast:chapters", NAMESPACES)
    return {
        "title": child(element, "title"),
        "guid": child(element, "guid"),
        "description": child(element, "description"),
        "enclosure": None if enclosure is None else dict(enclosure.attrib),
        "alternates": [
            dict(alternate.attrib) | {"uri": alternate.find("podcast:source", NAMESPACES).get("uri")}
            for alternate in element.findall("podcast:alternateEnclosure", NAMESPACES)
        ],
        "people": [[person.text, person.get("role")] for person in element.findall("podcast:person", NAMESPACES)],
        "chapters": None if chapters is None else dict(chapters.attrib),
        "content_links": [link.get("href") for link in element.findall("podcast:contentLink", NAMESPACES)],
        "duration_s": child(element, "itunes:duration"),
    }


def feed(published, path):
    body = published.body(path)
    if body is None:
        return None
    channel = ElementTree.fromstring(body).find("channel")
    read = feedparser.parse(body)
    return {
        "title": child(channel, "title"),
        "language": child(channel, "language"),
        "guid": child(channel, "podcast:guid"),
        "self": channel.find("atom:link", NAMESPACES).get("href"),
        "live": [entry(item) | dict(item.attrib) for item in channel.findall("podcast:liveItem", NAMESPACES)],
        "items": [entry(item) for item in channel.findall("item")],
        "feedparser": {
            "version": read.version,
            "title": read.feed.get("title"),
            "entries": [
                {"title": item.title, "id": item.id, "enclosures": [dict(one) for one in item.enclosures], "published": item.published}
                for item in read.entries
            ],
        },
        "complaints": [str(read.bozo_exception)] if read.bozo else [],
        "conditions": published.conditions(path),
    }


class Head(HTMLParser):
    """What a page's head says, and where its links lead."""

    def __init__(self):
        super().__init__()
        self.metas, self.links, self.hrefs, self.scripts, self.inside = {}, [], [], [], None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "meta" and "content" in attributes:
            self.metas[attributes.get("property") or attributes.get("name")] = attributes["content"]
        elif tag == "link":
            self.links.append(attributes)
        elif tag == "a":
            self.hrefs.append(attributes.get("href"))
        elif tag == "script":
            self.inside = attributes.get("type", "text/javascript")

    def handle_endtag(self, tag):
        self.inside = None if tag == "script" else self.inside

    def handle_data(self, data):
        if self.inside == "application/ld+json":
            self.scripts.append(data)


def page(published, path):
    body = published.body(path)
    if body is None:
        return None
    head = Head()
    head.feed(body.decode("utf-8"))
    load = lambda url, options: {"contextUrl": None, "documentUrl": url, "document": {"@context": CONTEXT}}
    expanded = [one for text in head.scripts for one in jsonld.expand(json.loads(text), {"documentLoader": load})]
    compacted = [jsonld.compact(one, "https://schema.org", {"documentLoader": load}) for one in expanded]
    return {"metas": head.metas, "links": head.links, "hrefs": head.hrefs, "json_ld": compacted, "bytes": len(body)}


def picture(published, path):
    body = published.body(path)
    if body is None:
        return None
    is_png = body[:8] == b"\x89PNG\r\n\x1a\n" and body[12:16] == b"IHDR"
    width, height = struct.unpack(">II", body[16:24]) if is_png else (0, 0)
    return {"bytes": len(body), "width": width, "height": height}


def parsed(published, path):
    body = published.body(path)
    return body and json.loads(body)


def main(base, slug):
    published = Published(base)
    event = f"/e/{slug}"
    print(
        json.dumps(
            {
                "calendar": calendar(published, f"{event}/event.ics"),
                "server_calendar": calendar(published, "/events.ics"),
                "feed": feed(published, f"{event}/feed.xml"),
                "server_feed": feed(published, "/feed.xml"),
                "series_calendar": calendar(published, "/series/radio/events.ics"),
                "series_feed": feed(published, "/series/radio/feed.xml"),
                "chapters": parsed(published, f"{event}/chapters.json"),
                "oembed": parsed(published, f"{event}/oembed.json"),
                "card": picture(published, f"{event}/card.png"),
                "page": page(published, event),
                "front": page(published, "/"),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
