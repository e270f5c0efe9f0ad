package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

const (
	demoProject = "demo-shop"
	demoKey     = "pk_demo"
	demoSeed    = 1
	demoJobTime = 700 * time.Millisecond
)

// demoSize is that of a small shop, which is imported within seconds.
func demoSize() commercetoolstest.Size {
	return commercetoolstest.Size{Customers: 2000, Orders: 3000, Products: 300, Categories: 40}
}

// demo is the built-in shop: a small commercetools and a small Klaviyo on 127.0.0.1, for those without credentials.
type demo struct {
	ct *commercetoolstest.Server
	kl *klaviyotest.Server
	// shop is what commercetools has been filled with, and size how large it is.
	shop *commercetoolstest.Shop
	size commercetoolstest.Size

	ctURL, klURL string
	servers      []*http.Server
}

// demoOptions say how large the shop is, and how Klaviyo behaves.
type demoOptions struct {
	size           commercetoolstest.Size
	limits         bool
	jobTime        time.Duration
	ctAddr, klAddr string
}

func startDemo(ctx context.Context, o demoOptions) (*demo, error) {
	d := &demo{
		ct: commercetoolstest.NewServer(demoProject),
		kl: klaviyotest.New(klaviyotest.Options{Key: demoKey, Limits: o.limits, JobTime: o.jobTime}),

		shop: commercetoolstest.NewShop(demoSeed, o.size),
		size: o.size,
	}
	d.ct.Fill(d.shop)

	var err error
	if d.ctURL, err = d.listen(ctx, o.ctAddr, d.ct); err == nil {
		d.klURL, err = d.listen(ctx, o.klAddr, d.kl)
	}

	if err != nil {
		d.close()

		return nil, err
	}

	return d, nil
}

func (d *demo) listen(ctx context.Context, addr string, h http.Handler) (url string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("the demo shop: %w", err)
	}

	server := newServer(ctx, h)
	d.servers = append(d.servers, server)

	go func() {
		_ = server.Serve(listener) // ends with close
	}()

	return "http://" + listener.Addr().String(), nil
}

func (d *demo) close() {
	for _, s := range d.servers {
		_ = s.Close()
	}
}

// environment is what an operator would set for this shop.
func (d *demo) environment() map[string]string {
	return map[string]string{
		"CT_API_URL":       d.ctURL,
		"CT_AUTH_URL":      d.ctURL,
		"CT_PROJECT_ID":    demoProject,
		"CT_API_CLIENT":    fmt.Sprintf(`{"clientId":%q,"secret":%q}`, commercetoolstest.ClientID, commercetoolstest.ClientSecret),
		"KLAVIYO_AUTH_KEY": demoKey,
		"KLAVIYO_API_URL":  d.klURL,

		"PREFERRED_LOCALE":     "en-US",
		"PREFERRED_CURRENCY":   "USD",
		"PRODUCT_URL_TEMPLATE": "https://shop.example.com/p/{{productSlug}}",
	}
}

// demoCommand serves the shop alone, so that the connector can be measured from another process.
func demoCommand() *cobra.Command {
	var o demoOptions

	c := &cobra.Command{
		Use:   "demo",
		Short: "Serve the demo shop alone: a small commercetools and a small Klaviyo",
		Long: "Serves the demo shop's commercetools and Klaviyo until it is interrupted, and prints the variables\n" +
			"that let another process use it, ready for a shell.",
		Example: "  go run ./functions/local demo --customers 50000 --orders 10000 > demo.env &\n  until [ -s demo.env ]; do sleep 0.1; done\n  (set -a; . ./demo.env; go run ./functions/local run)",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if min(o.size.Customers, o.size.Orders, o.size.Products, o.size.Categories) < 0 || o.jobTime < 0 {
				return errors.New("--customers, --orders, --products, --categories and --job-time must not be negative")
			}

			d, err := startDemo(cmd.Context(), o)
			if err != nil {
				return err
			}
			defer d.close()

			var lines strings.Builder

			env := d.environment()
			for _, name := range slices.Sorted(maps.Keys(env)) {
				fmt.Fprintf(&lines, "%s='%s'\n", name, env[name])
			}

			fmt.Fprint(cmd.OutOrStdout(), lines.String())

			<-cmd.Context().Done()

			return nil
		},
	}
	c.Flags().IntVar(&o.size.Customers, "customers", demoSize().Customers, "how many customers the shop has")
	c.Flags().IntVar(&o.size.Orders, "orders", demoSize().Orders, "how many orders")
	c.Flags().IntVar(&o.size.Products, "products", demoSize().Products, "how many products, with one to five variants each")
	c.Flags().IntVar(&o.size.Categories, "categories", demoSize().Categories, "how many categories")
	c.Flags().BoolVar(&o.limits, "limits", false, "keep Klaviyo's rate limits")
	c.Flags().DurationVar(&o.jobTime, "job-time", demoJobTime, "how long Klaviyo's import jobs take")
	c.Flags().StringVar(&o.ctAddr, "commercetools", "127.0.0.1:0", "address of the commercetools")
	c.Flags().StringVar(&o.klAddr, "klaviyo", "127.0.0.1:0", "address of the Klaviyo")

	return c
}
