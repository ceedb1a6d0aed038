package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/cloudwego/kitex/pkg/registry"
	"github.com/cloudwego/kitex/pkg/utils"
	etcd "github.com/kitex-contrib/registry-etcd"
	"github.com/kitex-contrib/registry-etcd/retry"
	clientv3 "go.etcd.io/etcd/client/v3"

	"registryetcd.example/interop/internal/program"
)

const etcdTimeout = 3 * time.Second

// registration is how to register, read from flags.
type registration struct {
	etcd         program.Etcd
	constructor  string
	fixedAddress string
}

// open creates the registry, by one of Kitex's constructors.
func (r *registration) open() (registry.Registry, error) {
	var kitex registry.Registry
	var err error
	prefix := program.DefaultPrefix
	if r.etcd.Prefix != nil {
		prefix = *r.etcd.Prefix
	}
	switch r.constructor {
	case "default":
		kitex, err = etcd.NewEtcdRegistry(r.etcd.Endpoints(), r.etcd.Options()...)
	case "retry":
		// looks after its key more often than the default's every 30 s
		delays := retry.NewRetryConfig(
			retry.WithObserveDelay(2*time.Second), retry.WithRetryDelay(time.Second))
		kitex, err = etcd.NewEtcdRegistryWithRetry(r.etcd.Endpoints(), delays, r.etcd.Options()...)
	case "auth":
		r.etcd.NoPrefix()
		prefix = ""
		kitex, err = etcd.NewEtcdRegistryWithAuth(r.etcd.Endpoints(), r.etcd.User, r.etcd.Password)
	default:
		program.UsageError("no such constructor: " + r.constructor)
	}
	if err != nil {
		return nil, err
	}
	if r.fixedAddress != "" {
		etcd.SetFixedAddress(kitex, utils.NewNetAddr("tcp", r.fixedAddress))
	}
	client, err := r.etcd.Client()
	return announcing{kitex, client, prefix, r.fixedAddress}, err
}

// announcing prints READY and the address that others find, once its key is in etcd. Kitex
// registers a second after it began to listen, and must not be stopped before.
type announcing struct {
	registry.Registry
	etcd         *clientv3.Client
	prefix       string
	fixedAddress string
}

func (a announcing) Register(info *registry.Info) error {
	ctx, cancel := context.WithTimeout(context.Background(), etcdTimeout)
	defer cancel()
	keys := a.prefix + "/" + info.ServiceName + "/"
	before, err := a.etcd.Get(ctx, keys, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return err
	}
	if err := a.Registry.Register(info); err != nil {
		return err
	}
	go a.announce(keys, before.Header.Revision, ":"+a.port(info))
	return nil
}

// port is the registered one.
func (a announcing) port(info *registry.Info) string {
	address := info.Addr.String()
	if a.fixedAddress != "" {
		address = a.fixedAddress
	} else if port := os.Getenv("KITEX_PORT_TO_REGISTRY"); port != "" {
		return port
	}
	_, port, _ := net.SplitHostPort(address)
	return port
}

// announce waits for the key with this port that was put after a revision.
func (a announcing) announce(keys string, revision int64, port string) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), etcdTimeout)
		found, err := a.etcd.Get(ctx, keys, clientv3.WithPrefix(), clientv3.WithMinModRev(revision+1))
		cancel()
		if err == nil {
			for _, entry := range found.Kvs {
				if address := strings.TrimPrefix(string(entry.Key), keys); strings.HasSuffix(address, port) {
					fmt.Println("READY " + address)
					return
				}
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}
