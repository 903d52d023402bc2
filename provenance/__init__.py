"""The court: records, suspects, statistics, evidence."""
