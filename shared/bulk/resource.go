package bulk

import "slices"

// Resource names what is imported: the {resource} of /sync/{resource}.
type Resource string

// Customers are imported as Klaviyo profiles.
const Customers Resource = "customers"

// Resources returns every resource there is an import for.
func Resources() []Resource { return []Resource{Customers} }

// Known tells whether there is an import for it.
func (r Resource) Known() bool { return slices.Contains(Resources(), r) }
