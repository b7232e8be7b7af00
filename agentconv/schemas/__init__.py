"""JSON schemas: of the model, the report, descriptions, and the headers of each format."""
