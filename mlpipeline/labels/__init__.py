"""Reading the QR label of a place for a browser that cannot: which place a picture shows. Nothing of it is kept."""
