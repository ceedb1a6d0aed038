// hertz-peer is an HTTP server whose entry in etcd is as the one of Hertz's registry. It answers
// GET /echo?message=x with <id>|x.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"registryetcd.example/interop/internal/program"
)

const timeout = 3 * time.Second

// instance is the value of an entry.
type instance struct {
	Network string            `json:"network"`
	Address string            `json:"address"`
	Weight  int               `json:"weight"`
	Tags    map[string]string `json:"tags"`
}

func main() {
	etcd := program.Etcd{}
	etcd.Bind()
	service := flag.String("service", "", "the `name` to register under (required)")
	listen := flag.String("listen", "", "where to listen, `host:port`; port 0 takes a free one (required)")
	id := flag.String("id", "", "what it answers with")
	weight := flag.Int("weight", 10, "its share of the calls")
	tags := program.Pairs{}
	flag.Var(tags, "tags", "its tags, `k=v,k=v`")
	ttl := flag.Int64("ttl", 60, "time to live of the lease in `seconds`")
	printEntry := flag.Bool("print-entry", false, "print the key and the value, a line each, and exit")
	untilEnd := flag.Bool("until-end-of-input", false, "exit when stdin is closed")
	program.Parse("service", "listen")

	entry := instance{Network: "tcp", Address: *listen, Weight: *weight}
	if len(tags) > 0 {
		entry.Tags = tags
	}
	if *printEntry {
		fmt.Println(key(*service, entry))
		fmt.Println(value(entry))
		return
	}
	program.Parse("etcd", "id")
	if *untilEnd {
		program.AtEndOfInput(func() { os.Exit(0) })
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		program.Fail(err)
	}
	entry.Address = listener.Addr().String()
	client, err := etcd.Client()
	if err != nil {
		program.Fail(err)
	}
	server := http.Server{Handler: echo(*id)}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			program.Fail(err)
		}
	}()
	lease, err := register(client, *ttl, key(*service, entry), value(entry))
	if err != nil {
		program.Fail(err)
	}
	fmt.Println("READY " + entry.Address)
	<-ctx.Done()
	ending, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if _, err := client.Revoke(ending, lease); err != nil {
		program.Fail(err)
	}
	if err := server.Shutdown(ending); err != nil {
		program.Fail(err)
	}
}

func key(service string, entry instance) string {
	return "hertz/registry-etcd/" + service + "/" + entry.Address
}

func value(entry instance) string {
	text, err := json.Marshal(entry)
	if err != nil {
		program.Fail(err)
	}
	return string(text)
}

func echo(id string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /echo", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, id+"|"+r.URL.Query().Get("message"))
	})
	return mux
}

// register puts an entry under a lease that is kept alive.
func register(client *clientv3.Client, ttl int64, key, value string) (clientv3.LeaseID, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	lease, err := client.Grant(ctx, ttl)
	if err != nil {
		return clientv3.NoLease, err
	}
	if _, err := client.Put(ctx, key, value, clientv3.WithLease(lease.ID)); err != nil {
		return clientv3.NoLease, err
	}
	alive, err := client.KeepAlive(context.Background(), lease.ID)
	go func() {
		for range alive {
		}
	}()
	return lease.ID, err
}
