// hello-server answers each message with <id>|<message>, registered by Kitex's etcd registry. It
// serves Thrift in all framings, Kitex-Protobuf and gRPC on one port.
package main

import (
	"flag"
	"net"
	"os"
	"strconv"

	"github.com/cloudwego/kitex/pkg/registry"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"

	"registryetcd.example/interop/internal/program"
	"registryetcd.example/interop/kitex_gen/api/hello"
	"registryetcd.example/interop/kitex_gen/pbapi/echo"
)

func main() {
	r := registration{}
	r.etcd.Bind()
	r.etcd.BindPrefix()
	flag.StringVar(&r.constructor, "constructor", "default", "the registry's: `default|auth|retry`")
	flag.StringVar(&r.fixedAddress, "fixed-address", "", "SetFixedAddress with this `host:port`")
	service := flag.String("service", "", "the `name` to register under (required)")
	listen := flag.String("listen", "", "where to listen, `host:port`; port 0 takes a free one (required)")
	id := flag.String("id", "", "what it answers with (required)")
	weight := flag.Int("weight", 10, "its share of the calls")
	tags := program.Pairs{}
	flag.Var(tags, "tags", "its tags, `k=v,k=v`")
	ttl := flag.Int("ttl", 0, "time to live of the lease in `seconds` (default 60)")
	flag.String("transport", "all", "has no effect: all are served on the one port")
	untilEnd := flag.Bool("until-end-of-input", false, "exit when stdin is closed")
	program.Parse("etcd", "service", "listen", "id")

	address, err := net.ResolveTCPAddr("tcp", *listen)
	if err != nil {
		program.UsageError(err.Error())
	}
	if *ttl > 0 {
		os.Setenv("KITEX_ETCD_REGISTRY_LEASE_TTL", strconv.Itoa(*ttl))
	}
	if *untilEnd {
		program.AtEndOfInput(func() { os.Exit(0) })
	}
	announced, err := r.open()
	if err != nil {
		program.Fail(err)
	}
	svr := server.NewServer(
		server.WithServiceAddr(address),
		server.WithServerBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: *service}),
		server.WithRegistry(announced),
		server.WithRegistryInfo(&registry.Info{Weight: *weight, Tags: tags}),
		server.WithMetaHandler(transmeta.ServerTTHeaderHandler),
		server.WithMetaHandler(transmeta.ServerHTTP2Handler),
	)
	answers := &answers{id: *id}
	if err := hello.RegisterService(svr, &thriftHello{answers}); err != nil {
		program.Fail(err)
	}
	if err := echo.RegisterService(svr, &protobufEcho{answers}); err != nil {
		program.Fail(err)
	}
	if err := svr.Run(); err != nil {
		program.Fail(err)
	}
}
