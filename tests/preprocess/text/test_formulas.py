import pytest

from preprocess.text.formulas import plain


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("n", "n"),
        (r"\alpha^{2n} \le \frac{a}{b+1}", "α^(2n) ≤ a/(b+1)"),
        (r"x_1,\ldots,x_{n}\,", "x_1,…,x_n"),
        (r"~\sin^2 x~", "sin ^2 x"),
        (r"\{1, 2\}", "{1, 2}"),
        (r"\left( a \right)", "( a )"),
        (r"\mathrm{Total} \to \infty", "Total → ∞"),
        (r"\begin{matrix}a & b\end{matrix}", ""),
        (r"\unknown{a}", ""),
        ("a{b", ""),
        ("x" * 200, ""),
        ("", ""),
    ],
)
def test_a_formula_reads_in_a_line_or_has_no_words(written, said):
    assert plain(written) == said
