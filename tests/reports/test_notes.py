"""What the figures do not say of themselves is said in words, and only when it is so."""

import pytest

from reports.sections.notes import notes
from reports.words import SPACE
from tests.reports.fake_run import curve

OVERFITTING = [(2, 2.2), (1.9, 2.0), (1.2, 2.4)]  # train and validation loss at each evaluation
GOING_ON = [(2, 2.2), (1.9, 2.0)]
WAVERING = [(2, 2.2), (1.9, 2.0), (1.8, 2.01)]
DIVERGING = [(2, 2.2), (1.9, 2.0), (2.1, 2.4)]
SETBACK = {"iteration": 70, "back_to": 50, "said": "loss 22.4, after a running loss of 2", "rate": 0.5}
SETBACKS = [{**SETBACK, "documents": ["0a1b (First citizen)", "0a1c (Second)"]}]
KNOWN = {"validation": ("Speak.",)}

SAID = [
    ("At iteration 70 training went back to iteration 50", {"setbacks": SETBACKS}),
    (f"and on at 50{SPACE}% of the learning rate: loss 22.4, after a running loss of 2.", {"setbacks": SETBACKS}),
    ("Read there: 0a1b (First citizen) and 1 more, all of them in setbacks.json.", {"setbacks": SETBACKS}),
    ("It overfits. After iteration 100 the validation loss rose", {"losses": OVERFITTING}),
    ("rose from 2.000 to 2.400 nats per character", {"losses": OVERFITTING}),
    ("the training loss fell from 1.900 to 1.200", {"losses": OVERFITTING}),
    (f"is 20{SPACE}% above the training loss, 1.000", {"losses": [(2, 2.2), (1.0, 1.2)], **KNOWN}),
    ("with more time the loss would very likely be lower", {"losses": GOING_ON}),
    (f"It read only 47{SPACE}% of its", {"losses": [(2, 2.2)], "steps": 1, "train": ("Speak! " * 6200,)}),
    ("version plays@v1, split scheme “legacy:nanogpt”, validation split", {"scheme": "legacy:nanogpt"}),
    ("validation split, first 7 characters", {"config": {"validation_characters": 7}}),
    ("the hidden state zeroed every 256 characters", {}),
    ("The text is short", {}),
    ("Every character of the scored text is in the vocabulary", {"validation": ("Speak.",)}),
    (f"1 character is in the scored text (14{SPACE}%) but not in the", {"validation": ("Speak 7",)}),
    (f"2 characters are in the scored text (25{SPACE}%) but not in the", {"validation": ("Speak 77",)}),
    ("fewer bits per byte than this model (2.89)", {"validation": ("Speak. " * 300,)}),
    ("There is no test split", {}),
]
NOT_SAID = [
    ("It overfits", {"losses": WAVERING}),
    ("It overfits", {"losses": DIVERGING}),  # nothing is learnt by heart when the training loss rises too
    ("by heart", {"losses": GOING_ON}),
    ("by heart", {"losses": [(1.0, 1.2)], "steps": 1, "train": ("Speak! " * 6200,), **KNOWN}),  # nothing is read twice
    ("by heart", {"losses": [(1.0, 1.2)], "validation": ("Speak 77",)}),  # one loss alone has the spelling
    ("went back", {}),
    ("more time", {"losses": WAVERING}),
    ("It read only", {}),
    ("fewer bits", {"losses": [(0.2, 0.3)]}),
    ("The text is short", {"validation": ("Speak before we proceed. " * 500,)}),
]


def said(material, told) -> str:
    told = dict(told)
    metrics = curve(told.pop("losses", GOING_ON), told.pop("steps", 5))
    return "\n".join(notes(material(metrics=metrics, **told)))


@pytest.mark.parametrize(("note", "told"), SAID)
def test_it_is_said(material, note, told):
    assert note in said(material, told)


@pytest.mark.parametrize(("note", "told"), NOT_SAID)
def test_it_is_not_said(material, note, told):
    assert note not in said(material, told)
