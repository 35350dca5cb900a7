"""HTTP: routes, forms, headers, static files. No SQL, no statistics."""
