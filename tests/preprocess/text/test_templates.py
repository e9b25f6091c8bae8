import pytest

from preprocess.text.templates import said


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ("lang|de|Mühle", "Mühle"),
        ("Lang-grc|μύλος|links=no", "μύλος"),
        ("langx|de|Mühle", "Mühle"),
        ("transl|grc|ALA|mylos", "mylos"),
        ("nihongo|mill|水車|suisha", "mill (水車, suisha)"),
        ("nihongo|mill", "mill"),
        ("zh|c=磨坊|p=mòfáng", "磨坊; mòfáng"),
        ("convert|1,300|mi|km", "1,300 mi"),
        ("convert|5|to|10|km2|sqmi|abbr=on", "5 to 10 km²"),
        ("convert|10|-|20|C", "10–20 °C"),
        ("convert|5|ft|8|in|cm", "5 ft 8 in"),
        ("convert|12|km|0", "12 km"),
        ("as of|2014|lc=y", "as of 2014"),
        ("As of|2014|3|4", "As of 4 March 2014"),
        ("as_of|2014|3|df=US|since=y", "Since March 2014"),
        ("as of|2014|alt=in 2014", "in 2014"),
        ("birth date|1900|02|30|mf=y", "February 30, 1900"),
        ("OldStyleDate|February 2|1905|January 20", "February 2 [O.S. January 20] 1905"),
        ("circa|1400", "c. 1400"),
        ("circa|1400|1500", "c. 1400 – c. 1500"),
        ("small|1=a = b", "a = b"),
        ("abbr|Mt.|Mount", "Mt."),
        ("nowrap|a mill", "a mill"),
        ("quote|A mill grinds.|Ada", "\n\nA mill grinds.\n\n"),
        ("nbsp", " "),
        ("ndash", "–"),
        ("mdash", "—"),
        ("spaced ndash", " – "),
        ("snd", " – "),
        ("'", "'"),
        ("!", "|"),
        ("frac|1|2", "1/2"),
        ("frac|3|1|2", "3 1/2"),
        ("val|6.02|e=23|u=km2", "6.02×10²³ km²"),
        ("val|1.5|0.1", "1.5 ± 0.1"),
        ("chem|H|2|O", "H2O"),
        ("US$|5 million", "US$5 million"),
        ("HMS|Miller|12", "HMS Miller (12)"),
        ("ship|HMS|Miller|12|2", "HMS Miller"),
        ("harvtxt|Miller|Weir|1990|p=3", "Miller & Weir (1990)"),
        ("hlist|a|b", "a, b"),
        ("ubl|a|b", "\na\nb\n"),
        ("IPA|/m/", "/m/"),
        ("IPA|de|m", ""),
        ("IPAc-en|m|ɪ|l", ""),
        ("formatnum: 3003", "3003"),
        ("#if: a|b", ""),
        ("cite book|title=The Mill", ""),
        ("Infobox mill|a=b", ""),
        ("lang", ""),
        ("", ""),
    ],
)
def test_a_template_says_what_is_read_of_it(inner, words):
    assert said(inner) == words


@pytest.mark.parametrize("name", ["convert", "val", "frac", "chem", "as of", "hlist", "small", "nihongo", "x"])
@pytest.mark.parametrize("arg", ["1" * 100_000 + "x", "1|-|" * 30_000, "|" * 100_000, "=" * 100_000, "a=" * 50_000])
def test_a_hostile_template_takes_no_longer_than_its_length(name, arg):
    said(f"{name}|{arg}")
