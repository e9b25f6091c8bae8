"""Cooking recipes, called dishes here since a recipe is how a corpus is built: one form for what many formats write."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Dish:
    """One recipe: what it is called, what goes in, what to do."""

    title: str
    ingredients: tuple[str, ...] = ()  # a line each; a heading among them ends in a colon
    steps: tuple[str, ...] = ()  # a paragraph each
    categories: tuple[str, ...] = ()
    servings: str = ""

    @property
    def text(self) -> str:
        """Title, ingredients and steps, an empty line between."""
        parts = (self.title, "\n".join(self.ingredients), *self.steps)
        return "\n\n".join(part for part in parts if part)
