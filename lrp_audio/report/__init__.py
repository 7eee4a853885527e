"""What a person reads: pictures and tables of an explanation."""
