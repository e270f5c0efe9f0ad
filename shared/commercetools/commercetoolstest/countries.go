package commercetoolstest

import (
	"fmt"
	"slices"
)

// country is what customers of one country have in common.
type country struct {
	code, currency, domain string
	locales                []string
	first, last            []string
	streets                []string
	places                 []place
	// dial and digits make a phone number: a prefix in the country's own way of writing, and how many digits follow.
	dial   string
	digits int
}

type place struct{ postalCode, city, region string }

// phone numbers differ for each i, as far as the country has enough of them.
func (c country) phone(i int) string {
	most := 1
	for range c.digits {
		most *= 10
	}

	return fmt.Sprintf("%s%0*d", c.dial, c.digits, i%most)
}

// countries are the generated shop's. The domains belong to no one's mailbox; none is example.com itself, whose events
// Klaviyo drops.
func countries() []country {
	return []country{
		{
			code: "DE", currency: "EUR", domain: "kunden.example.de", locales: []string{"de", "de-DE", "en"},
			first:   []string{"Anna", "Jürgen", "Zoë", "Björn", "Maximilian", "Ayşe"},
			last:    []string{"Müller", "Weiß", "Schmidt-Lorenz", "von der Heide", "Yılmaz"},
			streets: []string{"Straße des 17. Juni", "Hauptstr.", "Am Röthelheim"},
			places:  []place{{"10557", "Berlin", "Berlin"}, {"50667", "Köln", "Nordrhein-Westfalen"}, {"01067", "Dresden", ""}},
			dial:    "0151 ", digits: 8,
		},
		{
			code: "AT", currency: "EUR", domain: "post.example.at", locales: []string{"de-AT"},
			first: []string{"Franz", "Elisabeth", "Vroni"}, last: []string{"Huber", "Gruber", "Öllinger"},
			streets: []string{"Mariahilfer Straße", "Getreidegasse"},
			places:  []place{{"1060", "Wien", "Wien"}, {"5020", "Salzburg", ""}}, dial: "+43 660 ", digits: 7,
		},
		{
			code: "CH", currency: "CHF", domain: "mail.example.ch", locales: []string{"de-CH", "fr-CH", "it-CH"},
			first: []string{"Beat", "Céline", "Reto"}, last: []string{"Zürcher", "Favre", "D'Angelo"},
			streets: []string{"Bahnhofstrasse", "Rue du Rhône"},
			places:  []place{{"8001", "Zürich", "ZH"}, {"1204", "Genève", "GE"}}, dial: "079 ", digits: 7,
		},
		{
			code: "US", currency: "USD", domain: "mail.example.org", locales: []string{"en-US", "es-US"},
			first: []string{"Olivia", "Victor", "Mary Jane", "José"}, last: []string{"Nguyễn", "O'Brien", "Smith", "Johnson Jr."},
			streets: []string{"Sunset Boulevard", "5th Ave", "County Road 12"},
			places:  []place{{"10001", "New York", "NY"}, {"94103", "San Francisco", "CA"}}, dial: "(212) 5", digits: 6,
		},
		{
			code: "GB", currency: "GBP", domain: "shop.example.co.uk", locales: []string{"en-GB"},
			first: []string{"Siân", "Oliver", "Priya"}, last: []string{"Smythe-Jones", "MacDonald", "Patel"},
			streets: []string{"High Street", "Llanfair Road"},
			places:  []place{{"SW1A 1AA", "London", ""}, {"EH1 1YZ", "Edinburgh", "Scotland"}}, dial: "07400 ", digits: 6,
		},
		{
			code: "FR", currency: "EUR", domain: "courrier.example.fr", locales: []string{"fr", "fr-FR"},
			first: []string{"Éloïse", "Jean-Luc", "Noël"}, last: []string{"Lefèvre", "de La Tour", "L'Hôte"},
			streets: []string{"Rue de l'Église", "Boulevard Saint-Germain"},
			places:  []place{{"75006", "Paris", "Île-de-France"}, {"13001", "Marseille", ""}}, dial: "+33 (0)6 ", digits: 8,
		},
		{
			code: "PL", currency: "PLN", domain: "poczta.example.pl", locales: []string{"pl-PL"},
			first: []string{"Łukasz", "Małgorzata"}, last: []string{"Wójcik", "Żak"}, streets: []string{"Ulica Długa", "Plac Wolności"},
			places: []place{{"31-147", "Kraków", "Małopolskie"}}, dial: "0048 601 ", digits: 6,
		},
		{
			code: "JP", currency: "JPY", domain: "mail.example.jp", locales: []string{"ja", "ja-JP"},
			first: []string{"太郎", "花子", "Kenji"}, last: []string{"山田", "鈴木", "Satō"}, streets: []string{"丸の内", "本町"},
			places: []place{{"100-0005", "千代田区", "東京都"}}, dial: "090-3", digits: 7,
		},
		{
			code: "CN", currency: "CNY", domain: "mail.example.cn", locales: []string{"zh", "zh-CN"},
			first: []string{"伟", "秀英"}, last: []string{"王", "李"}, streets: []string{"南京东路"},
			places: []place{{"200001", "上海市", "上海"}}, dial: "138", digits: 8,
		},
		{
			code: "BR", currency: "BRL", domain: "correio.example.com.br", locales: []string{"pt-BR"},
			first: []string{"João", "Conceição"}, last: []string{"da Silva", "Gonçalves"}, streets: []string{"Avenida Paulista"},
			places: []place{{"01310-100", "São Paulo", "SP"}}, dial: "+55 11 9", digits: 8,
		},
	}
}

// Personal are the names and streets of a shop's customers: what must not get into a log.
func Personal() []string {
	var all []string

	for _, c := range countries() {
		all = slices.Concat(all, c.first, c.last, c.streets)
	}

	return all
}
