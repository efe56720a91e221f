"""Foreign data in: files and frames become a cohort, and no row is lost."""
