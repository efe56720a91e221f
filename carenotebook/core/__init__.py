"""The data model: vocabularies, schema, cohort, episodes, durations and errors."""
