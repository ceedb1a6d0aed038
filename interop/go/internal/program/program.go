// Package program is what the programs of this module have in common: the flags for etcd, the rules
// for flags, and the end of the input as a reason to stop.
package program

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	etcd "github.com/kitex-contrib/registry-etcd"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// DefaultPrefix is the one of Kitex's registry.
const DefaultPrefix = "kitex/registry-etcd"

// Etcd is where etcd is and how to use it, read from flags.
type Etcd struct {
	User     string
	Password string
	// Prefix is nil if the flag was not given: it may be given as the empty string.
	Prefix *string

	endpoints string
}

// Bind defines the flags --etcd, --user and --password.
func (e *Etcd) Bind() {
	flag.StringVar(&e.endpoints, "etcd", "", "etcd's `host:port[,...]` (required)")
	flag.StringVar(&e.User, "user", "", "etcd user")
	flag.StringVar(&e.Password, "password", "", "its password")
}

// BindPrefix defines the flag --prefix.
func (e *Etcd) BindPrefix() {
	set := func(prefix string) error {
		e.Prefix = &prefix
		return nil
	}
	flag.Func("prefix", "the keys' `prefix`, may be empty (default \""+DefaultPrefix+"\")", set)
}

// NoPrefix is for the deprecated constructors, which take none.
func (e *Etcd) NoPrefix() {
	if e.Prefix != nil {
		UsageError("--constructor auth takes no prefix and uses the empty one")
	}
}

// Endpoints are the addresses of the cluster's members.
func (e *Etcd) Endpoints() []string {
	return strings.Split(e.endpoints, ",")
}

// Options are the ones for Kitex's registry and resolver.
func (e *Etcd) Options() []etcd.Option {
	var options []etcd.Option
	if e.User != "" {
		options = append(options, etcd.WithAuthOpt(e.User, e.Password))
	}
	if e.Prefix != nil {
		options = append(options, etcd.WithEtcdServicePrefix(*e.Prefix))
	}
	return options
}

// Client is a new client of etcd itself.
func (e *Etcd) Client() (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{Endpoints: e.Endpoints(), Username: e.User, Password: e.Password})
}

// Pairs is a flag that holds k=v,k=v.
type Pairs map[string]string

// Set adds the pairs of one use of the flag.
func (p Pairs) Set(text string) error {
	for _, pair := range strings.Split(text, ",") {
		key, value, found := strings.Cut(pair, "=")
		if !found {
			return fmt.Errorf("%q is not k=v", pair)
		}
		p[key] = value
	}
	return nil
}

// String is sorted: k=v,k=v.
func (p Pairs) String() string {
	return strings.Join(p.Sorted(), ",")
}

// Sorted are the pairs as k=v, in the order of their keys.
func (p Pairs) Sorted() []string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(p)) {
		pairs = append(pairs, key+"="+p[key])
	}
	return pairs
}

// Parse reads the command line; every required flag must have a value.
func Parse(required ...string) {
	flag.Parse()
	if flag.NArg() > 0 {
		UsageError("unexpected argument: " + flag.Arg(0))
	}
	for _, name := range required {
		if flag.Lookup(name).Value.String() == "" {
			UsageError("missing flag: --" + name)
		}
	}
}

// UsageError says what is wrong and how to use the program, and exits with code 2.
func UsageError(message string) {
	fmt.Fprintln(flag.CommandLine.Output(), message)
	flag.Usage()
	os.Exit(2)
}

// Fail exits with code 1.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// AtEndOfInput does something when the parent process has closed the pipe, or ended in any way.
func AtEndOfInput(action func()) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		action()
	}()
}
