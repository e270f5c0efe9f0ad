package commercetools

// LocalizedString is a text by language tag (BCP 47), such as "en" or "en-US".
type LocalizedString map[string]string
