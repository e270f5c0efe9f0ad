package logging

import "strings"

// MaxWord is how much is kept of a word that comes from outside, such as the code of an error, in bytes: a line of more than
// 256 KB would never reach Cloud Logging.
const MaxWord = 256

// Short cuts text to at most so many bytes, and never within a character.
func Short(text string, limit int) string {
	if len(text) <= limit {
		return text
	}

	return strings.ToValidUTF8(text[:limit], "")
}
