// hello-client calls servers that it finds by Kitex's etcd resolver. Its last line on stdout is
// JSON: who answered how often. The exit code is 1 if a call failed.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"registryetcd.example/interop/internal/program"
)

func main() {
	s := settings{}
	s.etcd.Bind()
	s.etcd.BindPrefix()
	flag.StringVar(&s.constructor, "constructor", "default", "the resolver's: `default|auth`")
	flag.StringVar(&s.service, "service", "", "the `name` to look up (required)")
	flag.StringVar(&s.transport, "transport", "framed",
		"`buffered|framed|ttheader|ttheaderframed|kitexpb|grpc`")
	flag.StringVar(&s.balancer, "balancer", "wrr", "`wrr|iwrr|random|alias`")
	flag.StringVar(&s.caller, "caller", "", "the client's own service `name`")
	flag.StringVar(&s.method, "method", "echo",
		"`echo|strict|fire`, or any other: it is called although the IDL has none of this name")
	flag.StringVar(&s.idlService, "idl-service", "",
		"call a service of this `name` (default: the IDL's, Hello or Echo)")
	timeout := flag.Int("timeout", 1000, "deadline of each call in `ms`, 0 for none")
	connect := flag.Int("connect-timeout", 0, "limit for connecting in `ms` (default: Kitex's, 50)")

	l := load{persist: program.Pairs{}, transit: program.Pairs{}}
	flag.IntVar(&l.calls, "calls", -1, "how many calls")
	duration := flag.Int("duration", 0, "call for so many `seconds`, with or without --calls")
	interval := flag.Int("interval", 0, "pause after each call in `ms`")
	flag.IntVar(&l.concurrency, "concurrency", 1, "how many calls at once")
	flag.StringVar(&l.message, "message", "", "what to send (default: the call's number)")
	flag.IntVar(&l.payload, "payload", 0, "send so many `bytes` instead")
	flag.Var(l.persist, "persist", "persistent metadata, `k=v,k=v`")
	flag.Var(l.transit, "transit", "transient metadata, `k=v,k=v`")
	flag.BoolVar(&l.verbose, "verbose", false, "print a line for each call")
	flag.BoolVar(&l.printStart, "print-start", false, "print CALLING and the id at the first answer of each server")
	list := flag.String("list", "", "print the instances with these `tags`, and call nobody")
	untilEnd := flag.Bool("until-end-of-input", false, "stop calling when stdin is closed")
	program.Parse("etcd", "service")
	if *list != "" {
		if err := s.list(*list); err != nil {
			program.Fail(err)
		}
		return
	}
	if l.calls < 0 && *duration <= 0 {
		program.UsageError("missing flag: --calls or --duration")
	}
	if l.concurrency < 1 || *timeout < 0 || *connect < 0 || *interval < 0 {
		program.UsageError("--concurrency: positive; timeouts, --interval: not negative")
	}
	s.timeout = time.Duration(*timeout) * time.Millisecond
	s.connect = time.Duration(*connect) * time.Millisecond
	l.oneway = s.method == "fire"
	l.interval = time.Duration(*interval) * time.Millisecond

	call, err := s.open()
	if err != nil {
		program.Fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	if *duration > 0 {
		ctx, stop = context.WithTimeout(ctx, time.Duration(*duration)*time.Second)
	}
	defer stop()
	if *untilEnd {
		program.AtEndOfInput(stop)
	}
	tally := l.run(ctx, call)
	tally.Transport = s.transport
	line, err := json.Marshal(tally)
	if err != nil {
		program.Fail(err)
	}
	fmt.Println(string(line))
	if tally.Bad > 0 {
		os.Exit(1)
	}
}
