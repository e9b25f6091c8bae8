"""Tweets as a JSON list, as one JSON object a line and as CSV."""

from preprocess.parse.tweets import Options

OPTIONS = (
    Options(kind="tweets", account="mill"),
    Options(kind="tweets", links="token"),
    Options(kind="tweets", links="keep", shorteners=()),
)
_LINE = (
    b'{"id_str": "%d", "id": 9e17, "created_at": "Mon Feb 29 23:59:59 -0500 2016", "user": {"screen_name": "mill"},'
    b' "full_text": "It turns &amp; turns: https://t.co/AbCdEf12 \\ud83c\\udf3d", "truncated": false}'
)
_ROW = b'Mill for Web,"It turns, Ada said","Mon Feb 29 23:59:59 +0000 2016",false,%d\r\n'
_HEADER = b"source,text,created_at,is_retweet,id_str\r\n"
GOOD = (
    b"[" + b", ".join(_LINE % n for n in range(3)) + b"]",
    b"\n".join(_LINE % n for n in range(4)) + b"\n",
    _HEADER + _ROW % 1 + _ROW.replace(b"Ada", b"\nAda") % 2 + _ROW.replace(b"false", b"true") % 3,
    b'\xef\xbb\xbf"tweet_id";"timestamp";"text"\n"7";"2016-02-29 23:59:59 +0000";"It ""turns"""\n',
    b"id\tfull_text\tdate\n7\tIt turns\t02-29-2016 23:59:59\n",
)
PARTS = (
    b"{",
    b"{}",
    b"[",
    b"],",
    b'"',
    b",",
    b";",
    b"\n",
    b'"id": 1e400,',
    b'"id_str": "8",',
    b"\\ud83c",
    b"&amp;amp;",
    b"&#0;",
    b"RT @",
    b"https://t.co/a",
    b"\xe2\x80\xa6",
    b"null",
    b"NaN",
    b"99999999999999999999",
    b"Mon Feb 30 23:59:59 +9999 2016",
)
_ONE = b'[{"id_str": "1", "created_at": "Mon Feb 29 23:59:59 -0500 2016", "text": "%s"}]'


def _repeated(unit):
    return lambda n: _ONE % (unit * (n // len(unit)) + b"end")


GROWING = {
    "records": lambda n: b"\n".join(_LINE % i for i in range(n // 230)),
    "list": lambda n: b"[" + b",".join(_LINE % i for i in range(n // 230)) + b"]",
    "table": lambda n: _HEADER + b"".join(_ROW % i for i in range(n // 85)),
    "one text": _repeated(b"a"),
    "spaces": _repeated(b" "),
    "ellipses": _repeated("…".encode()),
    "ampersands": _repeated(b"&"),
    "escaped ampersands": _repeated(b"amp;&"),
    "once more escaped": _repeated(b"&amp;"),
    "links": _repeated(b"http://t.co/"),
    "cut links": _repeated("… http://t.co/a ".encode()),
    "tags": lambda n: _ONE.replace(b'"text"', b'"source": "%s", "text"') % (b"<a" * (n // 2), b"It turns"),
    "nested": lambda n: b"[" * n,
    "nested objects": lambda n: b'{"a":' * (n // 5),
    "nested in lines": lambda n: (b"[" * 900 + b"\n") * (n // 901),
    "empty objects": lambda n: b"[" + b"{}," * (n // 3) + b"{}]",
    "empty lines": lambda n: b"\n" * n,
    "wrong lines": lambda n: b"1\n" * (n // 2),
    "digits": lambda n: b"[" + b"9" * n + b"]",
    "digits in lines": lambda n: (b"9" * 4299 + b"\n") * (n // 4300),
    "fractions": lambda n: b"[0." + b"9" * n + b"]",
    "open string": lambda n: b'[{"text": "' + b"a" * n,
    "long items": lambda n: b"[" + b",".join([b'"' + b"a" * 600_000 + b'"'] * (n // 600_000)) + b"]",
    "surrogates": lambda n: b'[{"a": "' + b"\\ud83c\\udf3d" * (n // 12) + b'"}]',
    "open quotation mark": lambda n: _HEADER + b'"' + b"a,\n" * (n // 3),
    "cells": lambda n: _HEADER + b"," * n,
    "columns": lambda n: b"id,text" + b",a" * (n // 2),
    "0xFF": lambda n: b"\xff" * n,
}
