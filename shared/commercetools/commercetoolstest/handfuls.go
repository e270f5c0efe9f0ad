package commercetoolstest

// setting is a resource of which a shop has a handful.
type setting struct {
	base
	Key  string    `json:"key"`
	Code string    `json:"code,omitempty"`
	Name localized `json:"name,omitempty"`
}

func channels() []setting {
	return []setting{
		{Key: "warehouse-berlin", Name: localized{"en-US": "Berlin warehouse", "de-DE": "Lager Berlin"}},
		{Key: "store-new-york", Name: localized{"en-US": "New York store"}},
	}
}

func customerGroups() []setting { return []setting{{Key: "vip"}, {Key: "wholesale"}} }

func stores() []setting {
	return []setting{{Key: "web-de", Name: localized{"de-DE": "Webshop"}}, {Key: "web-us", Name: localized{"en-US": "Web shop"}}}
}

func discountCodes() []setting {
	return []setting{{Key: "welcome", Code: "WELCOME10"}, {Key: "summer", Code: "SUMMER-26"}, {Key: "friends", Code: "FREUNDE & FAMILIE"}}
}

// generateSetting adds a handful.
func (s *Shop) generateSetting(endpoint string, k kind, all []setting) {
	lived := func(int) life { return life{created: year(2019), modified: year(2020), version: 1} }

	s.generate(endpoint, k, len(all), lived, func(n int) any {
		one := all[n]
		one.base = newBase(s.id(k, n), lived(n))

		return one
	})
}
