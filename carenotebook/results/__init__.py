"""What every result can do, and the statistics that several results share."""
