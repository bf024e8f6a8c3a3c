"""One call, at least, of every function that library data calls pure; `test_truth.py` shows that each is.

Expressions, separated by ` ; `. Each is evaluated in a fresh namespace (`fresh` below), callee and arguments apart.
"""

from __future__ import annotations

import ast
import base64
import binascii
import bisect
import collections
import contextlib
import copy
import datetime
import difflib
import fractions
import hashlib
import heapq
import html
import itertools
import json
import math
import os
import pathlib
import posixpath
import pprint
import re
import shlex
import statistics
import string
import struct
import sys
import textwrap
import tomllib
import unicodedata
import urllib.parse
import uuid
import xml.etree.ElementTree
import zlib

STANDARD = """
contextlib.suppress(KeyError, OSError) ; contextlib.nullcontext(1) ; abs(-3) ; ascii('é') ; bin(5) ; bool([]) ; chr(65) ; divmod(7, 2) ; float('1.5') ; format(3.14159, '.2f') ; hash('a') ; hex(255)
int('7') ; oct(8) ; ord('a') ; pow(2, 5) ; repr([1, 'a']) ; round(2.567, 1) ; str({'a': [1]}) ; bytes([1, 2]) ; callable(len)
issubclass(bool, int) ; complex(1, 2) ; frozenset([3, 1]) ; slice(1, 2) ; memoryview(b'abc') ; bytearray(b'ab')
s.capitalize() ; s.casefold() ; s.center(20) ; s.count('a') ; s.encode() ; s.endswith('z') ; s.expandtabs() ; s.find('b')
'{} {}'.format(1, [2]) ; '{a}'.format_map({'a': 1}) ; s.index('a') ; s.isalnum() ; s.isalpha() ; s.isascii() ; s.isdecimal()
s.isdigit() ; s.isidentifier() ; s.islower() ; s.isnumeric() ; s.isprintable() ; s.isspace() ; s.istitle() ; s.isupper()
', '.join(['a', 'b']) ; s.ljust(9) ; s.lower() ; s.lstrip() ; s.removeprefix('a') ; s.removesuffix('c') ; s.replace('a', 'b')
s.rfind('a') ; s.rindex('a') ; s.rjust(9) ; s.rstrip() ; s.startswith('a') ; s.strip() ; s.swapcase() ; s.title()
s.translate({97: 'x'}) ; s.upper() ; s.zfill(9) ; str.maketrans('a', 'b') ; s.partition(' ') ; s.rpartition(' ') ; s.rsplit()
s.split(' ', 1) ; s.splitlines()
b.capitalize() ; b.center(20) ; b.count(b'a') ; b.decode() ; b.endswith(b'z') ; b.expandtabs() ; b.find(b'b')
bytes.fromhex('00ff') ; b.hex() ; b.index(b'a') ; b.isalnum() ; b.isalpha() ; b.isascii() ; b.isdigit() ; b.islower() ; b.isspace()
b.istitle() ; b.isupper() ; b', '.join([b'a', b'b']) ; b.ljust(9) ; b.lower() ; b.lstrip() ; b.removeprefix(b'a')
b.removesuffix(b'c') ; b.replace(b'a', b'b') ; b.rfind(b'a') ; b.rindex(b'a') ; b.rjust(9) ; b.rstrip() ; b.startswith(b'a')
b.strip() ; b.swapcase() ; b.title() ; b.translate(None, b'a') ; b.upper() ; b.zfill(9) ; b.partition(b' ') ; b.rpartition(b' ')
b.rsplit() ; b.split() ; b.splitlines() ; bytes.maketrans(b'a', b'b')
(6).bit_count() ; (6).bit_length() ; (6).conjugate() ; int.from_bytes(b'ab', 'big') ; (6).to_bytes(2, 'big')
(1.5).conjugate() ; float.fromhex('0x1p3') ; (1.5).hex() ; (1.5).is_integer() ; (1, 2, 1).count(1) ; (1, 2).index(2)
(6).as_integer_ratio() ; (1.5).as_integer_ratio()
json.dumps({'b': [1, None], 'a': 'é'}) ; json.loads('{"a": [1, {"b": 2}]}')
math.acos(.5) ; math.acosh(2) ; math.asin(.5) ; math.asinh(.5) ; math.atan(.5) ; math.atan2(1, 2) ; math.atanh(.5) ; math.cbrt(8)
math.ceil(1.2) ; math.comb(5, 2) ; math.copysign(1, -2) ; math.cos(1) ; math.cosh(1) ; math.degrees(1) ; math.dist([1, 2], [3, 4])
math.erf(1) ; math.erfc(1) ; math.exp(1) ; math.exp2(3) ; math.expm1(1) ; math.fabs(-1) ; math.factorial(5) ; math.floor(1.7)
math.fmod(7, 3) ; math.fsum([.1] * 9) ; math.gamma(5) ; math.gcd(12, 18) ; math.hypot(3, 4) ; math.isclose(1, 1.1)
math.isfinite(1) ; math.isinf(1) ; math.isnan(1) ; math.isqrt(17) ; math.lcm(4, 6) ; math.ldexp(1, 3) ; math.lgamma(5) ; math.log(8, 2)
math.log10(100) ; math.log1p(1) ; math.log2(8) ; math.nextafter(1, 2) ; math.perm(5, 2) ; math.pow(2, 3) ; math.prod([1, 2, 3])
math.radians(180) ; math.remainder(7, 3) ; math.sin(1) ; math.sinh(1) ; math.sqrt(2) ; math.tan(1) ; math.tanh(1) ; math.trunc(1.7)
math.ulp(1) ; math.frexp(8) ; math.modf(1.5)
re.compile('a+') ; re.match('a', s) ; re.fullmatch('.*', s) ; re.search('b', s) ; re.findall('.', s) ; re.split(' ', s)
re.sub('a', 'x', s) ; re.subn('a', 'x', s) ; re.escape('a.b') ; re.finditer('.', s)
p.match(s) ; p.fullmatch(s) ; p.search(s) ; p.findall(s) ; p.split(s) ; p.sub('x', s) ; p.subn('x', s) ; p.finditer(s)
m.group(0) ; m.groups() ; m.groupdict() ; m.start() ; m.end() ; m.span() ; m.expand('<\\\\g<0>>') ; m.__getitem__(0)
textwrap.dedent('  a') ; textwrap.fill(s, 5) ; textwrap.shorten(s, 6) ; textwrap.indent(s, '> ') ; textwrap.wrap(s, 5)
string.capwords(s) ; t.substitute(a=1) ; t.safe_substitute() ; string.Template('$a')
html.escape('<a>') ; html.unescape('&lt;') ; unicodedata.normalize('NFD', 'é') ; unicodedata.category('a') ; unicodedata.name('a')
urllib.parse.quote('a b') ; urllib.parse.quote_plus('a b') ; urllib.parse.unquote('a%20b') ; urllib.parse.unquote_plus('a+b')
urllib.parse.urlencode({'a': 1}) ; urllib.parse.urljoin('http://a/b', 'c') ; urllib.parse.urlparse('http://a/b?c=1')
urllib.parse.urlsplit('http://a/b') ; urllib.parse.urlunparse(['http', 'a', 'b', '', '', '']) ; urllib.parse.parse_qs('a=1&a=2')
urllib.parse.urlunsplit(['http', 'a', 'b', '', '']) ; urllib.parse.parse_qsl('a=1')
statistics.mean(n) ; statistics.fmean(n) ; statistics.geometric_mean(n) ; statistics.harmonic_mean(n) ; statistics.median(n)
statistics.median_low(n) ; statistics.median_high(n) ; statistics.median_grouped(n) ; statistics.mode(n) ; statistics.multimode(n)
statistics.quantiles(n) ; statistics.pstdev(n) ; statistics.pvariance(n) ; statistics.stdev(n) ; statistics.variance(n)
statistics.covariance(n, n) ; statistics.correlation(n, n) ; statistics.linear_regression(n, n)
hashlib.md5(b) ; hashlib.sha1(b) ; hashlib.sha224(b) ; hashlib.sha256(b) ; hashlib.sha384(b) ; hashlib.sha512(b) ; hashlib.blake2b(b)
hashlib.blake2s(b) ; hashlib.sha3_256(b) ; hashlib.sha3_512(b) ; h.hexdigest() ; h.digest()
base64.b64encode(b) ; base64.b64decode('YQ==') ; base64.standard_b64encode(b) ; base64.standard_b64decode('YQ==')
base64.urlsafe_b64encode(b) ; base64.urlsafe_b64decode('YQ==') ; base64.b32encode(b) ; base64.b32decode('ME======')
base64.b16encode(b) ; base64.b16decode('61') ; base64.b85encode(b) ; base64.b85decode('VE') ; base64.a85encode(b)
base64.a85decode('@/') ; copy.copy([[1]]) ; copy.deepcopy({'a': [1]})
datetime.datetime(2026, 1, 2, 3) ; datetime.date(2026, 1, 2) ; datetime.time(3, 4) ; datetime.timedelta(1) ; datetime.timezone(delta)
datetime.datetime.combine(when.date(), when.time()) ; datetime.datetime.fromisoformat('2026-01-02') ; when.isoformat()
datetime.datetime.strptime('2026', '%Y') ; datetime.date.fromisoformat('2026-01-02') ; datetime.date.fromordinal(9)
when.strftime('%Y') ; when.date() ; when.time() ; when.replace(year=2025) ; when.utcoffset() ; day.isoformat() ; day.strftime('%d')
day.weekday() ; day.isoweekday() ; day.isocalendar() ; day.replace(day=3) ; day.toordinal() ; when.time().isoformat()
when.time().strftime('%H') ; when.time().replace(hour=1) ; delta.total_seconds()
uuid.uuid3(uuid.NAMESPACE_DNS, 'a') ; uuid.uuid5(uuid.NAMESPACE_DNS, 'a') ; uuid.UUID(int=5) ; os.fspath('a')
posixpath.basename('a/b') ; posixpath.dirname('a/b') ; posixpath.join('a', 'b') ; posixpath.normpath('a/../b')
posixpath.splitext('a.b') ; posixpath.isabs('a') ; pprint.pformat({'b': [1], 'a': 2}) ; ast.literal_eval("{'a': [1]}")
tomllib.loads('a = [1]') ; shlex.quote('a b') ; shlex.join(['a', 'b c']) ; shlex.split('a "b c"')
difflib.get_close_matches('appel', ['ape', 'apple']) ; zlib.adler32(b) ; zlib.compress(b) ; zlib.crc32(b)
zlib.decompress(zlib.compress(b)) ; binascii.hexlify(b) ; binascii.unhexlify('61') ; struct.pack('<h', 3) ; struct.unpack('<h', b'ab')
struct.calcsize('<h') ; heapq.nlargest(2, n) ; heapq.nsmallest(2, n) ; bisect.bisect(n, 3) ; bisect.bisect_left(n, 3)
bisect.bisect_right(n, 3) ; fractions.Fraction('1/3') ; collections.Counter('aab') ; collections.OrderedDict(a=[1])
collections.deque([1, 2]) ; itertools.combinations(n, 2) ; itertools.combinations_with_replacement(n, 2)
itertools.permutations(n, 2) ; itertools.product(n, n)
xml.etree.ElementTree.fromstring('<a><b>c</b></a>') ; tree.find('b') ; tree.findall('b') ; tree.findtext('b') ; tree.get('k')
pathlib.Path('a') ; pathlib.PurePath('a') ; path.as_posix() ; path.is_absolute() ; path.joinpath('b') ; path.match('*.txt')
path.relative_to('a') ; path.with_name('c') ; path.with_stem('c') ; path.with_suffix('.md')
"""

NUMPY = """
numpy.array([1, 2]) ; numpy.asarray([1, 2]) ; numpy.arange(3) ; numpy.argsort(a) ; numpy.array_equal(a, a)
numpy.column_stack([a, a]) ; numpy.concatenate([a, a]) ; numpy.eye(2) ; numpy.full(2, 7) ; numpy.hstack([a, a]) ; numpy.identity(2)
numpy.linspace(0, 1, 3) ; numpy.ones(2) ; numpy.repeat(a, 2) ; numpy.sort(a) ; numpy.stack([a, a]) ; numpy.tile(a, 2) ; numpy.unique(a)
numpy.vstack([a, a]) ; numpy.zeros(2) ; a.copy() ; a.reshape(3, 1) ; a.tolist() ; a.__getitem__(0) ; a.__iter__()
"""

PANDAS = """
pandas.DataFrame({'a': [1]}) ; pandas.Series([1, 2]) ; df.head(1) ; df.tail(1) ; df.to_dict() ; df.x.head(1) ; df.x.tail(1)
df.x.tolist() ; df.x.to_list() ; df.x.to_dict() ; df.__getitem__('x') ; df.x.__getitem__(0) ; df.itertuples() ; df.iterrows()
df.items() ; df.groupby('x').__iter__() ; df.groupby('x').y.__iter__() ; df.x.items() ; df.x.__iter__() ; df.index.__iter__() ; pandas.Index(['a']).__iter__()
"""

BS4 = """
bs4.BeautifulSoup('<p>a', 'html.parser') ; soup.find('p') ; soup.find_all('p') ; soup.select('p') ; soup.select_one('p')
soup.p.get('id') ; soup.p.__getitem__('id') ; soup.p.find_next('i') ; soup.p.find_next_sibling() ; soup.i.find_parent('p')
soup.i.find_previous('p') ; soup.p.get_text() ; soup.p.decode() ; soup.p.prettify() ; soup.p.has_attr('id')
soup.find_all('p').__iter__()
"""

TIKTOKEN = """
enc.encode('ab c') ; enc.encode_ordinary('ab') ; enc.encode_batch(['a', 'b']) ; enc.encode_ordinary_batch(['a']) ; enc.decode([97, 98])
enc.decode_batch([[97]]) ; enc.decode_bytes([97]) ; enc.encode_single_token('a') ; enc.decode_single_token_bytes(97)
"""

OPENAI = """
client.copy(timeout=3) ; aclient.copy(timeout=3) ; answer.to_dict() ; answer.to_json() ; answer.model_dump()
answer.model_dump_json() ; raw.parse()
"""

PYDANTIC = """
Note(text='a', tags=['b']) ; Note.model_validate({'text': 'a'}) ; note.model_copy() ; note.model_dump() ; note.model_dump_json()
Note.model_validate_json('{"text": "a", "tags": []}') ; Note.model_json_schema() ; adapter.validate_python([1, 2])
adapter.validate_json('[1]') ; adapter.dump_python([1]) ; adapter.dump_json([1])
"""

LANGCHAIN = """
prompt.invoke({'i': 1}) ; parser.invoke(message) ; tools.invoke(message)
"""

HTTPX = "response.json() ; response.raise_for_status() ; response.headers.__getitem__('k')"

SPLIT = re.compile(r" ; |\n")


def expressions(text: str) -> list[str]:
    return [one for one in SPLIT.split(text.strip()) if one]


def standard() -> dict[str, object]:
    return {
        "s": "a b\tc", "b": b"a b\tc", "n": [1, 2, 3, 5, 8], "p": re.compile("(?P<x>.)"), "m": re.search("(?P<x>b)", "a b"),
        "t": string.Template("$a"), "h": hashlib.sha256(b"a"), "when": datetime.datetime(2026, 1, 2, 3, 4),
        "day": datetime.date(2026, 1, 2), "delta": datetime.timedelta(hours=1), "path": pathlib.Path("a/b.txt"),
        "tree": xml.etree.ElementTree.fromstring("<a k='1'><b>c</b></a>"),
        **{name: value for name, value in globals().items() if type(value) is type(re)},
    }  # fmt: skip


def of_numpy() -> dict[str, object]:
    import numpy

    return {"numpy": numpy, "a": numpy.array([3, 1, 2])}


def of_pandas() -> dict[str, object]:
    import pandas

    return {"pandas": pandas, "df": pandas.DataFrame({"x": [1, 2], "y": ["a", "b"]})}


def of_bs4() -> dict[str, object]:
    import bs4

    return {"bs4": bs4, "soup": bs4.BeautifulSoup("<p id=1>a <i>b</i></p><p>c</p>", "html.parser")}


def of_tiktoken() -> dict[str, object]:
    import tiktoken

    ranks = {bytes([i]): i for i in range(256)}
    return {"enc": tiktoken.Encoding("tiny", pat_str=r"\w+|\W", mergeable_ranks=ranks, special_tokens={})}


def of_pydantic() -> dict[str, object]:
    import pydantic

    Note = pydantic.create_model("Note", text=(str, ...), tags=(list[str], []))
    return {"Note": Note, "note": Note(text="a", tags=["b"]), "adapter": pydantic.TypeAdapter(list[int])}


def of_langchain() -> dict[str, object]:
    from langchain_anthropic.output_parsers import ToolsOutputParser
    from langchain_core.messages import AIMessage
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate

    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "Summarise {i}.")])
    return {"prompt": prompt, "parser": StrOutputParser(), "tools": ToolsOutputParser(), "message": AIMessage("yes")}


def of_ollama() -> dict[str, object]:
    import ollama

    return {"answer": ollama.GenerateResponse(response="a")}


def raw_answer(kind: type) -> object:
    """A raw response of a client, from a transport that answers by itself."""
    client = kind(api_key="x")  # type: ignore[call-arg]
    web = next(sys.modules[one.__module__.partition(".")[0]] for one in type(client._client).__mro__ if one.__name__ == "Client")
    model = {"id": "a", "created": 0, "object": "model", "owned_by": "b", "type": "model"}
    transport = web.MockTransport(lambda request: web.Response(200, json=model))
    return kind(api_key="x", http_client=web.Client(transport=transport)).models.with_raw_response.retrieve("a")  # type: ignore[call-arg]


def of_openai() -> dict[str, object]:
    import openai
    from openai.types import Model

    model = Model(id="a", created=0, object="model", owned_by="b")
    return {"client": openai.OpenAI(api_key="x"), "aclient": openai.AsyncOpenAI(api_key="x"), "answer": model, "raw": raw_answer(openai.OpenAI)}


def of_anthropic() -> dict[str, object]:
    import anthropic
    from anthropic.types import TextBlock

    block = TextBlock(type="text", text="a")
    clients = {"client": anthropic.Anthropic(api_key="x"), "aclient": anthropic.AsyncAnthropic(api_key="x")}
    return {**clients, "answer": block, "raw": raw_answer(anthropic.Anthropic)}


def of_httpx() -> dict[str, object]:
    import httpx

    request = httpx.Request("GET", "http://a")
    return {"response": httpx.Response(200, headers={"k": "v"}, json={"a": [1]}, request=request)}


def of_httpx2() -> dict[str, object]:
    import httpx2

    request = httpx2.Request("GET", "http://a")
    return {"response": httpx2.Response(200, headers={"k": "v"}, json={"a": [1]}, request=request)}


def of_requests() -> dict[str, object]:
    import requests

    response = requests.Response()
    response.status_code, response._content, response.headers["k"] = 200, b'{"a": [1]}', "v"
    return {"response": response}


EXAMPLES = {
    "builtins": (STANDARD, standard), "stdlib": (STANDARD, standard), "numpy": (NUMPY, of_numpy), "pandas": (PANDAS, of_pandas),
    "bs4": (BS4, of_bs4), "tiktoken": (TIKTOKEN, of_tiktoken), "openai": (OPENAI, of_openai), "anthropic": (OPENAI, of_anthropic),
    "pydantic": (PYDANTIC, of_pydantic), "langchain_core": (LANGCHAIN, of_langchain),
    "ollama": ("answer.__getitem__('response')", of_ollama), "httpx": (HTTPX, of_httpx), "httpx2": (HTTPX, of_httpx2), "requests": (HTTPX, of_requests),
}  # fmt: skip

_USED = (
    ast, base64, binascii, bisect, collections, contextlib, copy, difflib, fractions, heapq, html, itertools, json, math, os, posixpath,
    pprint, shlex, statistics, struct, textwrap, tomllib, unicodedata, urllib, uuid, zlib,
)  # fmt: skip
"""The expressions find them by name."""
