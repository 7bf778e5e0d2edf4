"""Tables in JSONL, CSV, TSV or Parquet: records and the values in their cells."""
