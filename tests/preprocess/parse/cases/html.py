from collections.abc import Callable, Mapping

from preprocess.parse.html import Options

OPTIONS = (
    Options(kind="html"),
    Options(
        kind="html", content=("article, .speech", "p", "body"), title="h1", date="meta, time", remove=("nav", "p b")
    ),
    Options(kind="html", date="time", remove=("nav",)),
)

_WORDS = "The wheel turns, and the stones, grinding slowly, make flour of the grain that the farmers bring. "
_ARTICLE = f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>The Mill &#8211; News</title>
<meta property="og:title" content="The Mill"><meta name="author" content="Ada Miller">
<meta name="description" content="A mill that had stood still for forty years turns again, to the joy of the village.">
<meta property="article:published_time" content="2017-07-28T15:46:00-04:00"><style>p {{ color: red }}</style>
<script type="application/ld+json">{{"@type": "NewsArticle",
"datePublished": "2017-07-28"}}</script>
</head><body class="home"><nav><ul><li><a href="/">Home</a></li><li><a href="/mills">Mills</a></li></ul></nav>
<article class="post"><header><h1>The Mill</h1><time datetime="2017-07-28">July 28</time></header>
<div class="intro">A mill that had stood still for forty years turns again, to the joy of the village.</div>
<div class="entry-content"><p>{_WORDS * 3}</p><h2>Stones</h2><p>{_WORDS * 2}<br>It is caf&eacute; au lait.</p>
<ul><li>Wheat &amp; rye</li><li>Oats</li></ul><blockquote><p>{_WORDS}</p></blockquote><pre>  x = 1
  y = 2</pre><table><tr><th>Year</th><td>1817</td></tr></table></div>
<p class="disclosure">This mill is an advertisement.</p></article><footer>Contact</footer></body></html>"""
_OLD = """<HTML><HEAD><TITLE>Mills</TITLE></HEAD><BODY BGCOLOR=#ffffff><table width=435>
<tr><td><font size=2 face=verdana>
May 2004<br><br>(This essay is of a mill.)<p>The wheel turns<br>and turns, says M\xfcller.<br><br><b>Notes</b>
<p>[1] None.
</font></td></tr></table><!-- old --></BODY></HTML>"""

GOOD = (
    _ARTICLE.encode(),
    _OLD.encode("windows-1252"),
    b'<p class="speech">A <![CDATA[ mill ]]> <b>a <i>wheel</b></i><td>cell<svg><text>no</text></svg><?php x ?>',
    "<meta charset='shift_jis'><body>粉挽き小屋".encode("cp932"),
)
_ELEMENTS = (
    b"<p",
    b"<p>",
    b"</p>",
    b"<article>",
    b"</article>",
    b"<div class=related>",
    b"<td>",
    b"<br>",
    b"<li>",
    b"<b>",
)
_RAW = (
    b"<script>",
    b"</script>",
    b"<style>",
    b"<pre>",
    b"<textarea>",
    b"<svg>",
    b"<template>",
    b"<iframe>",
    b"<title>",
)
_SIGNS = (
    b"<",
    b">",
    b"</",
    b"<!--",
    b"-->",
    b"<!",
    b"<?",
    b"<![CDATA[",
    b"]]>",
    b'"',
    b"'",
    b"=",
    b"&",
    b"&#x",
    b"&#0;",
)
_ODD = (
    b"&#99999999999;",
    b"&#xd800;",
    b"&#11;",
    b"charset=utf-16",
    b"\xc2\xa0",
    b"\xe2\x80\xae",
    b"<a:b c:d=e>",
    b"<p p=1 p=2>",
)
_JSON = (
    b'<script type="application/ld+json">',
    b'{"articleBody": "',
    b"[[[[",
    b'"@type": "Product"',
    b"<meta name=author ",
)
PARTS = (*_ELEMENTS, *_RAW, *_SIGNS, *_ODD, *_JSON)


def _again(part: str, before: str = "", after: str = "") -> Callable[[int], bytes]:
    """The same, as often as it takes."""
    return lambda size: f"{before}{part * (size // len(part.encode()))}{after}".encode()


def _numbered(size: int) -> bytes:
    return "".join(f"<p id=a{number}>x" for number in range(size // 13)).encode()


def _attributes(size: int) -> bytes:
    return f"<body><p {' '.join(f'a{number}=b' for number in range(size // 9))}>x".encode()


GROWING: Mapping[str, Callable[[int], bytes]] = {
    "records": _again(f"<p>{_WORDS * 3}</p>\n", "<html><body><article>", "</article></body></html>"),
    "articles": _again(f"<article><h2>x</h2><p>{_WORDS}</p></article>"),
    "cells": _again(f"<tr><td>{_WORDS}<td>x", "<table>"),
    "items": _again(f"<li>{_WORDS}</li>", "<ul>"),
    "lines": _again(f"{_WORDS}<br>\n"),
    "code": _again(f"{_WORDS}\n", "<pre>"),
    "commas": _again("x, ", "<body><p>"),
    "commas and lines": _again("a, b,<br>", "<body><article><p>"),
    "one word": _again("x", "<p>"),
    "spaces": _again(" ", "<p>x", "x"),
    "digits": _again("1234567890", "<p>"),
    "odd bytes": lambda size: b"\xff" * size,
    "no tags": _again(_WORDS),
    "references": _again("&amp;", "<p>"),
    "long reference": _again("9", "<p>&#", ";"),
    "empty": _again("<p></p>"),
    "short": _again("<p>x</p>"),
    "inline": _again("<i>ab</i>, "),
    "links": _again('<a href="/x">ab</a> '),
    "linked": _again(f'<p><a href="/x">{_WORDS}</a></p>'),
    "scripts": _again("<script>x</script>"),
    "comments": _again("<!-- x -->"),
    "unclosed comments": _again("<!--"),
    "signs": _again("<"),
    "sections": _again("<![CDATA["),
    "quotes": _again('<a href="'),
    "deep": _again("<div>x, "),
    "deep and bold": _again("<b>x"),
    "deep articles": _again(f"<article><p>{_WORDS}</p>"),
    "deep tables": _again(f"<table><tr><td>{_WORDS}"),
    "closed only": _again("</p>"),
    "identifiers": _numbered,
    "attributes": _attributes,
    "long class": _again("comment ", '<p class="', '">x'),
    "data": _again("[", '<body><script type="application/ld+json">', "</script>x"),
    "data that is said": _again('{"datePublished": ', '<body><script type="application/ld+json">', "</script>x"),
    "heads": _again('<meta name="author" content="Ada Miller"><title>x</title>'),
    "times": _again("<time>July 28, 2017</time>"),
    "asides": _again(f'<div class="related">{_WORDS}', "<article>"),
}
