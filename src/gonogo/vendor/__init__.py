"""Third-party files carried along; each folder has LICENSE, VERSION and SHA256SUMS, which a test checks."""
