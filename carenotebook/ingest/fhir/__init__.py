"""FHIR R4 and R5 in: resources become raw tables, which go the way of every reader."""
