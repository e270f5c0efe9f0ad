package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/ctklaviyo/connector/shared/bulk/embedded"
)

// stateFolder is where state files are by default, in the working directory.
const stateFolder = ".ctklaviyo"

// stateFile is the default: one for each project and key, since an import that was interrupted goes on with the same account
// only, and nothing but its key tells an account.
func stateFile(env environment) string {
	account := sha256.Sum256([]byte(string(env.Klaviyo.APIURL) + env.AuthKey.Reveal()))

	return filepath.Join(stateFolder, fmt.Sprintf("%s-%.4x.db", env.ProjectID, account))
}

// otherStates says that the project has other state files, as it has after its key was changed; "" when there are none.
func otherStates(env environment) string {
	files, _ := filepath.Glob(filepath.Join(stateFolder, env.ProjectID+"-????????.db")) // its only error is a wrong pattern
	own := stateFile(env)
	files = slices.DeleteFunc(files, func(file string) bool { return file == own })

	if len(files) == 0 {
		return ""
	}

	return fmt.Sprintf("there are others of this project, from before its key was changed or for another account: %s; --state reads one",
		strings.Join(files, ", "))
}

// sayNewState tells, before the state file is there, what may be in others.
func sayNewState(say io.Writer, env environment) {
	own, others := stateFile(env), otherStates(env)

	if _, err := os.Stat(own); errors.Is(err, fs.ErrNotExist) && others != "" {
		fmt.Fprintf(say, "the state file %s is new; %s, with the imports that were interrupted there\n", own, others)
	}
}

// openState opens a state file, and creates it and its folder when there is none.
func openState(path string) (*embedded.Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, &exitError{code: exitStopped, err: fmt.Errorf("the state file's folder: %w", err)}
	}

	store, err := embedded.Open(path)

	switch {
	case errors.Is(err, embedded.ErrInUse):
		return nil, &exitError{code: exitStopped, err: err}
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		return nil, fmt.Errorf("%w: it isn't a state file, or is damaged; `run` and `serve` begin a new one at another path, given by --state", err)
	default:
		return store, err
	}
}
