"""FHIR R4 questionnaires without Django: parse, lint, enable, answer, validate, score.

Standard library only, no database, no clock. `reference` in comments means the R4 specification
(4.0.1) and, where R4 is unclear, the wording of R5 and of the Structured Data Capture guide.
"""
