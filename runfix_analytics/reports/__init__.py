"""Pages for coaches and runners: numbers and sentences are chosen here, templates hold layout only."""
