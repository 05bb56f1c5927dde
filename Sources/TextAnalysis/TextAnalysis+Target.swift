// The target's first file; see docs/architecture.md.
