"""What parsers share: bytes to text, markup, languages of markup, dates, places to cut."""
