package instep

// InHand is how many resources are remembered.
func (t *Turns) InHand() int {
	t.mu.Lock()
	defer t.mu.Unlock()

	return len(t.resources)
}
