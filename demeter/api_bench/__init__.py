"""How fast the API answers with as many photos as a nursery takes in years: `manage.py bench_api`."""
