package bulk

import "slices"

// Resource names what is imported: the {resource} of /sync/{resource}.
type Resource string

// The resources. Customers become profiles, orders become events, categories and products become the catalog.
const (
	Categories Resource = "categories"
	Products   Resource = "products"
	Customers  Resource = "customers"
	Orders     Resource = "orders"
)

// Resources returns every resource there is an import for, in the order that suits a first import: products refer to
// categories, and events to profiles.
func Resources() []Resource { return []Resource{Categories, Products, Customers, Orders} }

// Known tells whether there is an import for it.
func (r Resource) Known() bool { return slices.Contains(Resources(), r) }
