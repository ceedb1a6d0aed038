package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/cloudwego/kitex/pkg/rpcinfo"
)

// list prints the instances that the resolver finds, each with those of the tags that it has.
func (s *settings) list(tags string) error {
	resolver := s.resolver()
	target := rpcinfo.NewEndpointInfo(s.service, "", nil, nil)
	found, err := resolver.Resolve(context.Background(), resolver.Target(context.Background(), target))
	if err != nil {
		return err
	}
	for _, instance := range found.Instances {
		var pairs []string
		for _, tag := range strings.Split(tags, ",") {
			if value, has := instance.Tag(tag); has {
				pairs = append(pairs, tag+"="+value)
			}
		}
		fmt.Println("INSTANCE", instance.Address(), instance.Weight(), strings.Join(pairs, ","))
	}
	return nil
}
