"""A clinic as one YAML file: read with line numbers, checked whole, loaded whole or not at all."""
