import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.text.wikitext import DEEPEST, plain


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("'''Flour''' is ''milled'' grain's dust.", "Flour is milled grain's dust."),
        ("A{{sfn|a|p={{circa|1}}}} mill{{unclosed", "A mill{{unclosed"),
        ("A mill}} stands", "A mill}} stands"),
        ("a\n{| class=x\n! b\n|-\n| {| c\n| d\n|}\n|}\ne", "a\n\ne"),
        ("{{Infobox\n|a={{b}}\n|}}The mill", "The mill"),
        ("[[mill]] [[Mill (a)|mills]]tone [[#Use]] [[:Category:Mills]]", "mill millstone #Use Category:Mills"),
        ("[[File:A.jpg|thumb|A [[mill]] in {{c}}]]x [[Image:a.png]][[category:Mills]][[fr:Moulin]]", "x"),
        ("[[Mühle:A.jpg|thumb|A mill]]x [[Mühle:A|a]]", "x a"),
        ("see [[de:Mühle|in German]]", "see in German"),
        (
            "a\n[[Kategorie:Mühle|Wind]] [[fr:Moulin]]\n[[Категория:Мельница]]\nb [[Mill: a play]]",
            "a\n\nb Mill: a play",
        ),
        ("[[Mill (tool)|]] [[Help:Mill (a)|]]", "Mill Mill"),
        ("[http://a.example/b the page] [http://a.example/b], [//a.example c], [sic]", "the page, c, [sic]"),
        ("[[File:a|[http://a b]]]x", "x"),
        ("a<ref>x {{y}} [[z]]</ref>b<ref name=q />c<REF name=r>d\ne</Ref >f", "abcf"),
        ("a<ref>b", "ab"),
        ("2<sup>3</sup><br/>x < y <b>z</b> <grin>", "2³\nx < y z <grin>"),
        ("Ca<sup>2+</sup>, 19<sup>th</sup>, H<sub>2</sub>O, 10<sup> −6 </sup>", "Ca²⁺, 19th, H2O, 10⁻⁶"),
        ("let <math>x_i \\le \\alpha</math> be", "let x_i ≤ α be"),
        ("{{{1|a}}} {{{2}}}b", "a b"),
        ("(; {{lang|de|Mühle}}, {{IPAc-en|m}}) a ({{IPA-de|m}}, or ) {{cn}}, b ( c )", "(Mühle) a, b (c)"),
        ("{{cite book}}, vol. 3\n* {{cite book}}, vol. 4\n...b", "vol. 3\n\n...b"),
        ("<math>\\frac{{a}}{b}</math>. a<source lang=c>if (a[[0]])</source>", "a"),
        ("<nowiki>''[[a]]&amp;</nowiki> <nowiki>", "''[[a]]&"),
        ("a<!-- {{ -->b<!-- c", "ab"),
        (
            "&lt;b&gt; &amp;lt; AT&amp;T&nbsp;x &notanentity; &#8217;&#x41;&#0;&#xD800;",
            "<b> &lt; AT&T x &notanentity; ’A&#0;&#xD800;",
        ),
        ("* a\n** b\n# c\n: d\n; e", "a\nb\nc\nd\ne"),
        ("== A ==\na\n=== B ===\n== C ==\n=== D ===\nd\n== E ==\n{{e}}", "A\n\na\n\nC\n\nD\n\nd"),
        ("a\n\n\n\nb\nc\n: .\n", "a\n\nb\nc"),
        ("Adobe ({{IPA}}; , ) is __NOTOC__mud", "Adobe is mud"),
        ("{{[[a}}b", "b"),
        ("[[a|{{b]]c", "{{bc"),
        ("", ""),
    ],
)
def test_the_words_stay_and_the_markup_goes(written, said):
    assert plain(written) == said


def test_what_is_nested_too_deeply_is_plain_text():
    inner = "{{a|" * (DEEPEST + 1) + "x" + "}}" * (DEEPEST + 1)
    assert plain(f"a {inner} b") == "a }} b"


@pytest.mark.parametrize("bracket", ["{", "}", "[", "]"])
def test_a_long_row_of_brackets_is_no_markup(bracket):
    assert plain(f"a {bracket * 200} b") == f"a {bracket * 200} b"


@pytest.mark.parametrize(
    "filler", ["{{", "[[a|", "[http://a ", "<ref>", "<!--", "'", "= ", "( ", "{|\n", "\n|}", "<a "]
)
def test_a_hostile_text_takes_no_longer_than_an_honest_one(filler):
    plain(filler * (200_000 // len(filler)) + "end")


PIECES = [
    *(
        "{{",
        "}}",
        "[[",
        "]]",
        "[http://a ",
        "]",
        "{|",
        "|}",
        "\n",
        "|",
        "''",
        "==",
        " a ",
        "&lt;",
        "File:",
        "(",
        ")",
        "*",
    ),
    *("<ref>", "</ref>", "<nowiki>", "<!--", "-->"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_text_has_words(text):
    assert "\n\n\n" not in plain(text)
