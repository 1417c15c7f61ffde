"""How kubectl writes objects: as tables, names, YAML, JSON, and by templates."""
