package main

import (
	"context"
	"errors"
	"strings"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/metadata"

	"registryetcd.example/interop/internal/program"
)

// backward is the metadata of a reply: Kitex's backward metadata, or gRPC's header and trailer.
type backward struct {
	header, trailer metadata.MD
}

func (b *backward) expect(ctx context.Context) context.Context {
	ctx = nphttp2.GRPCTrailer(nphttp2.GRPCHeader(ctx, &b.header), &b.trailer)
	return metainfo.WithBackwardValues(ctx)
}

func (b *backward) received(ctx context.Context, err error) program.Pairs {
	pairs := program.Pairs{}
	if errors.Is(err, kerrors.ErrRPCTimeout) {
		return pairs // the call still runs
	}
	for key, value := range metainfo.RecvAllBackwardValues(ctx) {
		pairs[key] = value
	}
	for key, values := range metadata.Join(b.header, b.trailer) {
		if key != "content-type" {
			pairs[key] = strings.Join(values, ",")
		}
	}
	return pairs
}
