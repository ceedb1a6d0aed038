package main

import (
	"context"
	"errors"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/discovery"
	"github.com/cloudwego/kitex/pkg/loadbalance"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/serviceinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/transport"
	etcd "github.com/kitex-contrib/registry-etcd"

	"registryetcd.example/interop/internal/program"
	"registryetcd.example/interop/kitex_gen/api"
	"registryetcd.example/interop/kitex_gen/api/hello"
	"registryetcd.example/interop/kitex_gen/pbapi"
	"registryetcd.example/interop/kitex_gen/pbapi/echo"
)

// errNothing is what Kitex makes of a biz status in a protocol that cannot carry one.
var errNothing = errors.New("neither an answer nor an error")

// call sends a message and returns the answer.
type call func(ctx context.Context, message string) (string, error)

// settings are whom to call and how, read from flags.
type settings struct {
	etcd        program.Etcd
	constructor string
	service     string
	transport   string
	balancer    string
	caller      string
	timeout     time.Duration
	connect     time.Duration
	method      string
	idlService  string
}

// open creates a client.
func (s *settings) open() (call, error) {
	switch s.transport {
	case "buffered":
		return s.thrift(transport.PurePayload)
	case "framed":
		return s.thrift(transport.Framed)
	case "ttheader":
		// protocols add up, and a Thrift client begins with framed
		return s.thrift(transport.PurePayload, transport.TTHeader)
	case "ttheaderframed":
		return s.thrift(transport.TTHeaderFramed)
	case "kitexpb":
		return s.protobuf()
	case "grpc":
		return s.protobuf(transport.GRPC)
	}
	program.UsageError("no such transport: " + s.transport)
	return nil, nil
}

// thrift calls a method of Hello.
func (s *settings) thrift(protocols ...transport.Protocol) (call, error) {
	known := s.method == "echo" || s.method == "strict" || s.method == "fire"
	if !known || s.idlService != "" {
		args := func(message string) any {
			return &api.HelloEchoArgs{Req: &api.Request{Message: message}}
		}
		return s.unknown(hello.NewServiceInfo(), "echo", args, protocols)
	}
	c, err := hello.NewClient(s.service, s.options(protocols)...)
	return func(ctx context.Context, message string) (string, error) {
		request := &api.Request{Message: message}
		method := c.Echo
		switch s.method {
		case "strict":
			method = c.Strict
		case "fire":
			return "", c.Fire(ctx, request)
		}
		response, err := method(ctx, request)
		if err != nil {
			return "", err
		}
		if response == nil {
			return "", errNothing
		}
		return response.Message, nil
	}, err
}

// protobuf calls Echo.
func (s *settings) protobuf(protocols ...transport.Protocol) (call, error) {
	if s.method != "echo" || s.idlService != "" {
		args := func(message string) any {
			return &echo.EchoArgs{Req: &pbapi.Request{Message: message}}
		}
		return s.unknown(echo.NewServiceInfo(), "Echo", args, protocols)
	}
	c, err := echo.NewClient(s.service, s.options(protocols)...)
	return func(ctx context.Context, message string) (string, error) {
		response, err := c.Echo(ctx, &pbapi.Request{Message: message})
		return response.GetMessage(), err
	}, err
}

// unknown calls a method or a service that the IDL need not have. It has the signature of echo.
func (s *settings) unknown(info *serviceinfo.ServiceInfo, like string, args func(message string) any,
	protocols []transport.Protocol,
) (call, error) {
	method := s.method
	if method == "echo" {
		method = like
	}
	info.Methods[method] = info.Methods[like]
	if s.idlService != "" {
		info.ServiceName = s.idlService
	}
	options := append(s.options(protocols), client.WithDestService(s.service))
	c, err := client.NewClient(info, options...)
	return func(ctx context.Context, message string) (string, error) {
		result := info.Methods[like].NewResult().(interface {
			IsSetSuccess() bool
			GetResult() any
		})
		if err := c.Call(ctx, method, args(message), result); err != nil {
			return "", err
		}
		if !result.IsSetSuccess() {
			return "", errNothing
		}
		return result.GetResult().(interface{ GetMessage() string }).GetMessage(), nil
	}, err
}

func (s *settings) options(protocols []transport.Protocol) []client.Option {
	options := []client.Option{
		client.WithResolver(s.resolver()),
		client.WithLoadBalancer(s.loadBalancer()),
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: s.caller}),
		client.WithMetaHandler(transmeta.ClientTTHeaderHandler),
		client.WithMetaHandler(transmeta.ClientHTTP2Handler),
	}
	if s.timeout > 0 {
		options = append(options, client.WithRPCTimeout(s.timeout))
	}
	if s.connect > 0 {
		options = append(options, client.WithConnectTimeout(s.connect))
	}
	for _, protocol := range protocols {
		options = append(options, client.WithTransportProtocol(protocol))
	}
	return options
}

func (s *settings) resolver() discovery.Resolver {
	var resolver discovery.Resolver
	var err error
	switch s.constructor {
	case "default":
		resolver, err = etcd.NewEtcdResolver(s.etcd.Endpoints(), s.etcd.Options()...)
	case "auth":
		s.etcd.NoPrefix()
		resolver, err = etcd.NewEtcdResolverWithAuth(s.etcd.Endpoints(), s.etcd.User, s.etcd.Password)
	default:
		program.UsageError("no such constructor: " + s.constructor)
	}
	if err != nil {
		program.Fail(err)
	}
	return resolver
}

// loadBalancer is a new one: Kitex shares the default one among clients.
func (s *settings) loadBalancer() loadbalance.Loadbalancer {
	switch s.balancer {
	case "wrr":
		return loadbalance.NewWeightedRoundRobinBalancer()
	case "iwrr":
		return loadbalance.NewInterleavedWeightedRoundRobinBalancer()
	case "random":
		return loadbalance.NewWeightedRandomBalancer()
	case "alias":
		return loadbalance.NewWeightedRandomWithAliasMethodBalancer()
	}
	program.UsageError("no such balancer: " + s.balancer)
	return nil
}
