"""Every parser on ten thousand malformed bodies: documents and drops with ids of their own, or a ParseError."""

import importlib

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from corpusmill.errors import ParseError
from corpusmill.types import Document, Drop
from preprocess import parse
from tests.preprocess.parse.cases import KINDS
from tests.preprocess.parse.malformed import DRAWN, bodies
from tests.preprocess.snapshots import raw_file

EXAMPLES = 10_000  # bodies


def cases(kind):
    return importlib.import_module(f"tests.preprocess.parse.cases.{kind}")


def test_every_kind_has_cases():
    assert parse.kinds() == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_the_samples_are_read_whole(kind):
    for options in cases(kind).OPTIONS:
        found = [read(parse.load(kind), body, options) for body in cases(kind).GOOD]
        assert any(isinstance(result, Document) for results in found for result in results)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_malformed_input_gives_documents_and_drops_or_a_parse_error(kind):
    parser, sets = parse.load(kind), cases(kind).OPTIONS

    @settings(
        max_examples=EXAMPLES // DRAWN,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(bodies(cases(kind).GOOD, cases(kind).PARTS))
    def holds(drawn):
        for body in drawn:
            try:
                read(parser, body, sets[len(body) % len(sets)])
            except Exception as error:
                error.add_note(f"of {body!r}")
                raise

    holds()


def read(parser, body, options):
    """Read a body and check what came."""
    try:
        results = list(parser.parse(raw_file("https://mill.example/file"), body, options))
    except ParseError as error:
        assert error.message
        return []
    assert all(isinstance(result, Document | Drop) for result in results)
    assert all(result.text.strip() and result.text.encode() for result in results if isinstance(result, Document))
    assert len({result.id for result in results}) == len(results)
    return results
