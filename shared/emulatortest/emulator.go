// Package emulatortest starts the emulators of Google Cloud's services for tests: each at its first use, once in a test
// binary, on a free port of 127.0.0.1. They hold everything in memory and end with the test binary, however that ends.
//
// A test whose emulator is not installed is skipped with the reason; where CI=true it fails instead.
package emulatortest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/googleapis/gax-go/v2"
)

// startTime bounds how long an emulator takes to listen. The Java ones need 2 to 10 s on a small machine.
const startTime = time.Minute

// process is a running emulator.
type process struct {
	addr string
	// life is the end of a pipe that the emulator's keeper reads. The system closes it when this process is gone.
	life io.Closer
}

// start runs the command that args makes for a port of 127.0.0.1, and waits until something listens there.
func start(args func(port string) []string) (*process, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}

	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("address %s: %w", addr, err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()

	// The shell keeps the emulator: it ends it when its own standard input ends, that is with this process, also when
	// that one panics or is killed and can tell nobody.
	const keeper = `"$@" </dev/null & cat >/dev/null; kill $!`

	output := &beginning{}
	//nolint:gosec // the commands are this package's own
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "sh", append([]string{"-c", keeper, "sh"}, args(port)...)...)
	cmd.Stdout, cmd.Stderr = output, output

	life, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}

	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd, err)
	}

	if err := listening(ctx, addr); err != nil {
		_ = life.Close()

		return nil, fmt.Errorf("%s: nothing listens on %s after %v: %s", cmd, addr, startTime, output)
	}

	return &process{addr: addr, life: life}, nil
}

// freeAddress returns an address that nobody listens on.
func freeAddress() (string, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("a free port: %w", err)
	}

	return l.Addr().String(), l.Close()
}

// listening waits until somebody listens on the address.
func listening(ctx context.Context, addr string) error {
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close() //nolint:wrapcheck // nothing to add
		}

		if err := gax.Sleep(ctx, 50*time.Millisecond); err != nil {
			return err //nolint:wrapcheck // the context's own
		}
	}
}

// beginning keeps the begin of an emulator's output, for the error when it does not start.
type beginning struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *beginning) Write(p []byte) (int, error) {
	const most = 8 << 10

	b.mu.Lock()
	defer b.mu.Unlock()

	b.text.Write(p[:min(len(p), max(0, most-b.text.Len()))])

	return len(p), nil
}

func (b *beginning) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()

	return b.text.String()
}
