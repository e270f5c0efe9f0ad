package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/functions/bulksync"
	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/functions/categoryevents"
	"github.com/ctklaviyo/connector/functions/customerevents"
	"github.com/ctklaviyo/connector/functions/inventoryevents"
	"github.com/ctklaviyo/connector/functions/orderevents"
	"github.com/ctklaviyo/connector/functions/paymentevents"
	"github.com/ctklaviyo/connector/functions/productevents"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/settings"
)

// environment is every variable that this command reads.
type environment struct {
	settings.Commercetools
	settings.Klaviyo
	settings.Shop
	settings.File
	settings.Parking
	settings.Log

	Port uint16 `env:"PORT, default=8080" must:"be a number up to 65535"`
}

// options say how to start the connector.
type options struct {
	// state is the file that keeps the imports; "" is the default.
	state string
	// level is the log level when LOG_LEVEL is not set.
	level slog.Level
	// fixedPort listens at PORT, and not at any port that is free.
	fixedPort bool
}

// connector is every function in one process, listening, with embedded parts.
type connector struct {
	ct      *commercetools.Client
	kl      *klaviyo.Client
	control *bulk.Control
	// demo is nil with a real shop.
	demo *demo
	// url is where the functions are served.
	url string

	server  *http.Server
	queue   *embedded.Queue
	store   *embedded.Store
	parker  delivery.Parker
	scratch string
}

// connect starts the connector; say gets the first line, which names the shop.
func connect(ctx context.Context, o options, say io.Writer) (*connector, error) {
	c := &connector{}

	if err := c.open(ctx, o, say); err != nil {
		return nil, errors.Join(err, c.close()) //nolint:contextcheck // closing outlasts the context, which may have ended
	}

	return c, nil
}

func (c *connector) open(ctx context.Context, o options, say io.Writer) error {
	env, err := c.environment(ctx, say)
	if err != nil {
		return err
	}

	cfg, err := env.Config()
	if err != nil {
		return err
	}

	if env.Level != nil {
		o.level = *env.Level
	}

	log := logging.New(os.Stderr, o.level, env.Log.Project)

	if o.state == "" && c.demo == nil {
		sayNewState(say, env)
	}

	if err := c.openStore(o.state, env); err != nil {
		return err
	}

	if err := c.openParker(ctx, env.Parking); err != nil {
		return err
	}

	if !o.fixedPort {
		env.Port = 0
	}

	c.ct, c.kl = commercetools.New(env.Commercetools.Client()), klaviyo.New(env.Klaviyo.Client())

	return c.listen(ctx, env, cfg, log)
}

// listen serves every function with the clients that are there.
func (c *connector) listen(ctx context.Context, env environment, cfg settings.Config, log *slog.Logger) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", env.Port))
	if err != nil {
		return &exitError{code: exitStopped, err: fmt.Errorf("cannot listen: %w; choose another PORT", err)}
	}

	c.url = "http://" + listener.Addr().String()
	c.queue = embedded.NewQueue(c.url+"/BulkWorker", embedded.DefaultRates(), log) //nolint:contextcheck // ends with close
	c.control = bulk.NewControl(c.store, c.queue, log)
	c.server = newServer(ctx, c.routes(env.ProjectID, env.Shop, cfg, log))

	go func() {
		if err := c.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.ErrorContext(ctx, "server ended", "error", err)
		}
	}()

	return nil
}

// routes serves each function at its name, and BulkSync's API also at its own paths.
func (c *connector) routes(project string, shop settings.Shop, cfg settings.Config, log *slog.Logger) http.Handler {
	worker := bulk.NewWorker(c.store, c.queue, bulkworker.Importers(c.ct, c.kl, shop, cfg), log)
	bulkSync := bulksync.New(func() (*bulk.Control, error) { return c.control, nil }, log)

	mux := http.NewServeMux()
	mux.Handle("/", bulkSync)
	mux.Handle("/openapi.yaml", bulkSync)
	mux.HandleFunc("/{name}", noSuchFunction)
	mux.Handle("/BulkSync/", http.StripPrefix("/BulkSync", bulkSync))
	mux.Handle("/BulkWorker", bulkworker.New(func() (*bulk.Worker, error) { return worker, nil }, log))

	for name, handle := range c.realtime(shop, cfg) {
		target := delivery.Target{Project: project, Handle: handle, Parker: c.parker}
		mux.Handle("/"+name, delivery.NewHandler(name, log, func() (delivery.Target, error) { return target, nil }))
	}

	return mux
}

// realtime is what each realtime function does with a message.
func (c *connector) realtime(shop settings.Shop, cfg settings.Config) map[string]func(context.Context, delivery.Message) error {
	return map[string]func(context.Context, delivery.Message) error{
		"CustomerEvents":  customerevents.New(c.ct, c.kl, cfg),
		"OrderEvents":     orderevents.New(c.ct, c.kl, shop, cfg),
		"PaymentEvents":   paymentevents.New(c.ct, c.kl, shop, cfg),
		"CategoryEvents":  categoryevents.New(c.ct, c.kl, shop, cfg),
		"ProductEvents":   productevents.New(c.ct, c.kl, shop, cfg),
		"InventoryEvents": inventoryevents.New(c.ct, c.kl, cfg),
	}
}

// environment reads the variables; without credentials it starts the demo shop and takes its own.
func (c *connector) environment(ctx context.Context, say io.Writer) (environment, error) {
	lookuper := envconfig.OsLookuper()
	own := credentials()

	if len(own) == 0 {
		d, err := startDemo(ctx, demoOptions{size: demoSize(), jobTime: demoJobTime, ctAddr: "127.0.0.1:0", klAddr: "127.0.0.1:0"})
		if err != nil {
			return environment{}, err
		}

		c.demo = d
		lookuper = envconfig.MultiLookuper(lookuper, envconfig.MapLookuper(d.environment()))

		fmt.Fprintln(say, "demo shop: a small built-in commercetools and Klaviyo; set CT_* and KLAVIYO_* for your own")
	}

	env, err := settings.Load[environment](ctx, lookuper)
	if c.demo == nil && err != nil && strings.Contains(err.Error()+"\n", " is required\n") {
		fmt.Fprintf(say, "your own shop, and not the demo shop, since %s is set; what is missing goes into .env: see README, Settings\n", own[0])
	}

	if err != nil {
		return environment{}, err
	}

	if c.demo == nil {
		fmt.Fprintf(say, "commercetools project %s, Klaviyo at %s\n", env.ProjectID, env.Klaviyo.APIURL)
	}

	return env, nil
}

// openStore opens the state file; the demo shop's goes with the process, as the shop does.
func (c *connector) openStore(path string, env environment) (err error) {
	switch {
	case path != "":
	case c.demo != nil:
		if c.scratch, err = os.MkdirTemp("", "ctklaviyo-demo-"); err != nil {
			return fmt.Errorf("the demo shop's state: %w", err)
		}

		path = filepath.Join(c.scratch, "state.db")
	default:
		path = stateFile(env)
	}

	c.store, err = openState(path)

	return err
}

// close ends everything: requests in flight finish, tasks are cut off and go on with the next run.
func (c *connector) close() error {
	var errs []error

	if c.queue != nil {
		c.queue.Close()
	}

	if c.server != nil {
		errs = append(errs, shutdown(c.server))
	}

	if c.store != nil {
		errs = append(errs, c.store.Close())
	}

	if c.demo != nil {
		c.demo.close()
	}

	if c.scratch != "" {
		errs = append(errs, os.RemoveAll(c.scratch))
	}

	return errors.Join(errs...)
}
