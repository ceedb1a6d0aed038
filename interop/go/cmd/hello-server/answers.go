package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/metadata"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/streaming"

	"registryetcd.example/interop/internal/program"
	"registryetcd.example/interop/kitex_gen/api"
	"registryetcd.example/interop/kitex_gen/pbapi"
)

// answers are those of both services: some messages ask for something special.
type answers struct {
	id    string
	fired atomic.Int64
}

func (a *answers) echo(ctx context.Context, message string) (string, error) {
	text := message
	switch message {
	case "boom":
		return "", errors.New("boom")
	case "biz":
		return "", bizError()
	case "fired":
		text = strconv.FormatInt(a.fired.Load(), 10)
	case "meta":
		text = received(ctx).String()
		sendBack(ctx)
	default:
		if pause, found := strings.CutPrefix(message, "sleep:"); found {
			millis, err := strconv.Atoi(pause)
			if err != nil {
				return "", err
			}
			time.Sleep(time.Duration(millis) * time.Millisecond)
		}
	}
	return a.id + "|" + text, nil
}

func bizError() error {
	return kerrors.NewBizStatusErrorWithExtra(1001, "biz", map[string]string{"k": "v"})
}

// received is the metadata of a call.
func received(ctx context.Context) program.Pairs {
	from := rpcinfo.GetRPCInfo(ctx).From()
	pairs := program.Pairs{"caller": from.ServiceName(), "caller-method": from.Method()}
	for key, value := range metainfo.GetAllPersistentValues(ctx) {
		pairs["persist:"+key] = value
	}
	for key, value := range metainfo.GetAllValues(ctx) {
		pairs["transit:"+key] = value
	}
	return pairs
}

// sendBack returns metadata to the caller: with gRPC, for which metainfo has no way back, as a
// trailer.
func sendBack(ctx context.Context) {
	metainfo.SendBackwardValue(ctx, "BK", "bv")
	if streaming.GetStream(ctx) != nil {
		_ = nphttp2.SetTrailer(ctx, metadata.Pairs("bk", "bv"))
	}
}

type thriftHello struct{ *answers }

func (h *thriftHello) Echo(ctx context.Context, req *api.Request) (*api.Response, error) {
	return response(h.echo(ctx, req.Message))
}

func (h *thriftHello) Strict(_ context.Context, req *api.Request) (*api.Response, error) {
	switch req.Message {
	case "refuse":
		return nil, &api.Refused{Code: 7, Reason: "refused"}
	case "boom":
		return nil, errors.New("boom")
	case "biz":
		return nil, bizError()
	}
	return response(h.id+"|"+req.Message, nil)
}

func (h *thriftHello) Fire(_ context.Context, req *api.Request) error {
	h.fired.Add(1)
	fmt.Println("FIRED " + req.Message)
	return nil
}

func response(message string, err error) (*api.Response, error) {
	if err != nil {
		return nil, err
	}
	return &api.Response{Message: message}, nil
}

type protobufEcho struct{ *answers }

func (e *protobufEcho) Echo(ctx context.Context, req *pbapi.Request) (*pbapi.Response, error) {
	message, err := e.echo(ctx, req.Message)
	if err != nil {
		return nil, err
	}
	return &pbapi.Response{Message: message}, nil
}
