"""What each section of the page says: one module a section, from the material to values a template only sets out."""
