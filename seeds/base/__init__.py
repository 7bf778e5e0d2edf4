"""What every package stands on: errors, settings, records, safe files and locks."""
