package emulatortest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Firestore returns the address of a Firestore emulator: FIRESTORE_EMULATOR_HOST when that is set, else one of its own
// from the Google Cloud SDK (component cloud-firestore-emulator) and java. The emulator keeps projects apart, so a test
// gets an empty database by taking a project id of its own.
func Firestore(t *testing.T) string {
	t.Helper()

	return address(t, firestore)
}

// PubSub returns the address of a Pub/Sub emulator: PUBSUB_EMULATOR_HOST when that is set, else one of its own from the
// Google Cloud SDK (component pubsub-emulator) and java. The emulator keeps projects apart, so a test gets an empty one by
// taking a project id of its own. It pushes to 127.0.0.1, keeps dead-letter policies, and asks for no credentials.
func PubSub(t *testing.T) string {
	t.Helper()

	return address(t, pubSub)
}

// CloudTasks returns the address of a Cloud Tasks emulator, github.com/aertje/cloud-tasks-emulator, built from the
// module in .tools/cloud-tasks-emulator. A test makes a queue of its own in it. The emulator differs from the service:
// max_attempts must be finite (-1 gives one attempt), Retry-After is ignored, a paused queue does not resume, and two
// CreateTask of one name at the same moment may both succeed.
func CloudTasks(t *testing.T) string {
	t.Helper()

	return address(t, cloudTasks)
}

// The emulators of this test binary.
//
//nolint:gochecknoglobals // one process for all tests of a package: starting Java for each would take minutes
var (
	firestore  = sync.OnceValues(startFirestore)
	pubSub     = sync.OnceValues(startPubSub)
	cloudTasks = sync.OnceValues(startCloudTasks)
)

// errAbsent says that an emulator is not installed here.
var errAbsent = errors.New("emulator not installed")

func address(t *testing.T, emulator func() (*process, error)) string {
	t.Helper()

	p, err := emulator()

	//nolint:forbidigo // what CI sets is a matter of tests, no setting of ours
	if errors.Is(err, errAbsent) && os.Getenv("CI") == "" {
		t.Skip(err)
	}

	if err != nil {
		t.Fatal(err)
	}

	return p.addr
}

func startFirestore() (*process, error) {
	return startJava("FIRESTORE_EMULATOR_HOST", "cloud-firestore-emulator", "cloud-firestore-emulator.jar",
		"com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start")
}

func startPubSub() (*process, error) {
	return startJava("PUBSUB_EMULATOR_HOST", "pubsub-emulator", "lib/cloud-pubsub-emulator-*-all.jar",
		"com.google.cloud.pubsub.testing.v1.Main")
}

// startJava starts an emulator of the Google Cloud SDK: the main class of a component's jar, with its arguments. The
// variable, the one that Google's tools and clients know, may name one that runs already.
func startJava(variable, component, jar string, main ...string) (*process, error) {
	//nolint:forbidigo // what Google's tools set is no setting of ours
	if addr := os.Getenv(variable); addr != "" {
		return &process{addr: addr}, nil
	}

	java, err := exec.LookPath("java")
	if err != nil {
		return nil, fmt.Errorf("%w: the %s needs java: %w", errAbsent, component, err)
	}

	path, err := find(component, jar)
	if err != nil {
		return nil, err
	}

	return start(func(port string) []string {
		// English, since Firestore's knows no other; the other flags make a short-lived Java start faster.
		command := []string{java, "-Duser.language=en", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g", "-cp", path}

		return append(append(command, main...), "--host=127.0.0.1", "--port="+port)
	})
}

// find finds an emulator's jar, a pattern, in the SDK that gcloud belongs to. It is run without gcloud, which would start
// it through a chain of processes that outlive their parent.
func find(component, jar string) (string, error) {
	gcloud, err := exec.LookPath("gcloud")
	if err == nil {
		gcloud, err = filepath.EvalSymlinks(gcloud)
	}

	if err != nil {
		return "", fmt.Errorf("%w: the %s comes with gcloud: %w", errAbsent, component, err)
	}

	pattern := filepath.Join(filepath.Dir(gcloud), "..", "platform", component, jar)

	found, err := filepath.Glob(pattern)
	if err != nil {
		return "", fmt.Errorf("the %s: %w", component, err)
	}

	if len(found) == 0 {
		return "", fmt.Errorf("%w: there is no %s; gcloud components install %s, or apt-get install google-cloud-cli-%s",
			errAbsent, pattern, component, strings.TrimPrefix(component, "cloud-"))
	}

	return found[0], nil
}

func startCloudTasks() (*process, error) {
	const buildTime = 5 * time.Minute

	ctx, cancel := context.WithTimeout(context.Background(), buildTime)
	defer cancel()

	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}

	// -n builds the tool, keeps it in the build cache, and prints its path instead of running it.
	cmd := exec.CommandContext(ctx, "go", "tool", "-n", "cloud-tasks-emulator")
	cmd.Dir = filepath.Join(root, ".tools", "cloud-tasks-emulator")

	path, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("%w: the Cloud Tasks emulator could not be built: %s", errAbsent, exit.Stderr)
	}

	if err != nil {
		return nil, fmt.Errorf("%w: the Cloud Tasks emulator is built with go: %w", errAbsent, err)
	}

	return start(func(port string) []string {
		return []string{strings.TrimSpace(string(path)), "-host=127.0.0.1", "-port=" + port}
	})
}

// moduleRoot returns the folder above a test's own that holds go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("the test's folder: %w", err)
	}

	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}

		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the test's folder")
		}

		dir = filepath.Dir(dir)
	}
}
