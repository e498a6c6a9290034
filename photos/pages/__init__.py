"""Server-rendered pages: home, uploads, gallery and photo."""
