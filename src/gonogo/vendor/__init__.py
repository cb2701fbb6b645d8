"""Third-party files carried along, each folder with its LICENSE, and with VERSION and SHA256SUMS that a test holds true."""
