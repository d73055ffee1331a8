"""Reports over requests, activities and sales: sums and spreads of a period, by type, person, customer or month."""
