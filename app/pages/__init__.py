"""Pages only draw."""
