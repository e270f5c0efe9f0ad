package commercetoolstest

import "strings"

// spoil makes what real shops have: any 100 customers in a row hold each case. The steps share no divisor, so that the
// cases meet as well.
func (g generator) spoil(c *customer, i int) {
	if i%11 == 4 {
		c.CompanyName = pick(g, []string{"Foo/Bar LLC", "Müller & Söhne GmbH", "株式会社サンプル", `The "Best" Shop`, "L'Étoile <S.A.>"})
		c.VatID = "DE123456789"
	}

	if i%13 == 2 {
		c.Email = strings.ToUpper(c.Email)
	}

	if i%17 == 3 {
		c.Addresses, c.ShippingAddressIDs, c.BillingAddressIDs = []address{}, []string{}, []string{}
		c.DefaultShippingAddressID, c.DefaultBillingAddressID = "", ""
	}

	if i%19 == 5 {
		c.DefaultBillingAddressID = "gone0000"
	}

	if i%23 == 7 {
		c.FirstName, c.LastName = "", ""
	}

	if i%29 == 11 {
		for a := range c.Addresses {
			c.Addresses[a].Mobile = ""
			c.Addresses[a].Phone = pick(g, []string{"n/a", "12345", "+49 (0) 12", "ask at the office", "000000000000", "+999 123 456 789", " "})
		}
	}

	if i%31 == 13 {
		c.Title = pick(g, []string{"Dr.", "Prof. Dr.", "Ing."})
	}

	if i%37 == 17 {
		c.Custom = nil
	}
}
