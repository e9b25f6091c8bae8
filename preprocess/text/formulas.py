r"""The formulas of wikitext, which are TeX, as they read in a line; those that need two dimensions have no words.

    plain(r"\alpha^{2n} \le \frac{a}{b}")  ->  "α^(2n) ≤ a/b"

It knows no wikitext.
"""

import re

_LONGEST = 120  # characters of a formula that stands in a sentence
_TOKEN = re.compile(r"\\([a-zA-Z]+|.)\s*")
_LETTERS = (
    "alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ "
    "mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ "
    "Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω infty ∞ partial ∂ nabla ∇ hbar ℏ ell ℓ "
    "emptyset ∅ aleph ℵ ldots … cdots ⋯ dots … prime ′ circ ° forall ∀ exists ∃ neg ¬ lnot ¬ sum ∑ prod ∏ "
    "int ∫ sqrt √ angle ∠ top ⊤ bot ⊥"
)
_SIGNS = (
    "le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ approx ≈ equiv ≡ sim ∼ times × cdot · pm ± mp ∓ div ÷ to → "
    "rightarrow → Rightarrow ⇒ leftarrow ← leftrightarrow ↔ Leftrightarrow ⇔ iff ⇔ implies ⇒ mapsto ↦ in "
    "∈ notin ∉ subset ⊂ subseteq ⊆ supset ⊃ cup ∪ cap ∩ setminus ∖ land ∧ wedge ∧ lor ∨ vee ∨ oplus ⊕ "
    "otimes ⊗ propto ∝ ll ≪ gg ≫ mid | vdash ⊢ vert | cong ≅ perp ⊥"
)
_NAMES = "sin cos tan cot log ln exp lim max min sup inf det dim ker gcd mod bmod arg deg Pr"
_SILENT = (
    "left right mathrm mathbf mathit mathbb mathcal text textstyle displaystyle rm bf it operatorname big "
    "Big boldsymbol"
)
_SAID = (
    dict(zip(_LETTERS.split()[::2], _LETTERS.split()[1::2], strict=True))
    | {name: f" {sign} " for name, sign in zip(_SIGNS.split()[::2], _SIGNS.split()[1::2], strict=True)}
    | {name: f"{name} " for name in _NAMES.split()}
    | dict.fromkeys(_SILENT.split(), "")
    | dict.fromkeys((",", ";", ":", " ", "quad", "qquad", "!"), " ")
    | {"{": "\x01", "}": "\x02", "%": "%", "$": "$", "&": "&", "#": "#", "_": "_", "|": "|"}
)
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ONE = re.compile(r"\{(\w*)\}")
_GROUP = re.compile(r"\{([^{}]*)\}")


def plain(formula: str) -> str:
    """The formula in a line, or nothing where it is long or says what this module does not know."""
    if len(formula) > _LONGEST:
        return ""
    flat = _FRACTION.sub(lambda match: f"{_grouped(match[1])}/{_grouped(match[2])}", formula)
    said = _TOKEN.sub(lambda match: _SAID.get(match[1], "\0"), flat.replace("~", " "))
    while (once := _GROUP.sub(_inner, said)) != said:
        said = once
    if any(mark in said for mark in "\0{}&\\"):
        return ""
    return " ".join(said.replace("\x01", "{").replace("\x02", "}").split())


def _grouped(part: str) -> str:
    return part.strip() if len(part.strip()) <= 1 or part.strip().isalnum() else f"({part.strip()})"


def _inner(match: re.Match[str]) -> str:
    """What a pair of braces held: in brackets where it was raised or lowered as one and is more than a letter."""
    raised = match.string[match.start() - 1 : match.start()] in ("^", "_", "√")
    inner = match[1].strip()
    return f"({inner})" if raised and len(inner) > 1 else inner
