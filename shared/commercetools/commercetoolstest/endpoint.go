package commercetoolstest

import "slices"

// has tells whether the API has such an endpoint: one that references lead to, or one that was put into.
func (s *store) has(endpoint string) bool {
	for _, known := range endpoints() {
		if known == endpoint {
			return true
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	return s.endpoints[endpoint] != nil
}

// endpoints leads from a reference's typeId to its endpoint.
func endpoints() map[string]string {
	return map[string]string{
		"category":           "categories",
		"channel":            "channels",
		"customer":           "customers",
		"customer-group":     "customer-groups",
		"discount-code":      "discount-codes",
		"inventory-entry":    "inventory",
		"order":              "orders",
		"payment":            "payments",
		"product":            "products",
		"product-projection": "product-projections",
		"product-type":       "product-types",
		"standalone-price":   "standalone-prices",
		"state":              "states",
		"store":              "stores",
		"subscription":       subscriptions,
		"type":               "types",
	}
}

// queryable are the fields that an endpoint's resources may be asked for by. A field that is missing here is most likely a
// slip of the pen.
func queryable(endpoint string) []string {
	own := map[string][]string{
		"customers":           {"email", "lowercaseEmail", "customerNumber", "externalId", "customerGroup"},
		"orders":              {"customerId", "customerEmail", "orderNumber", "orderState", "paymentInfo"},
		"payments":            {"customer", "transactions", "interfaceId"},
		"categories":          {"parent", "ancestors"},
		"products":            {"masterData", "productType"},
		"product-projections": {"masterVariant", "variants", "categories", "productType"},
		"standalone-prices":   {"sku", "active", "country", "customerGroup", "channel"},
		"inventory":           {"sku", "supplyChannel"},
	}

	return slices.Concat([]string{"id", "version", "key", "createdAt", "lastModifiedAt"}, own[endpoint])
}
