package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote"

	"registryetcd.example/interop/internal/program"
	"registryetcd.example/interop/kitex_gen/api"
)

// load is what to call and how often, read from flags.
type load struct {
	calls       int // negative: without end
	interval    time.Duration
	concurrency int
	oneway      bool
	message     string
	payload     int
	persist     program.Pairs
	transit     program.Pairs
	verbose     bool
	printStart  bool

	lock  sync.Mutex // for what follows, and for stdout
	tally tally
}

// tally is the line at the end.
type tally struct {
	Transport  string         `json:"transport"`
	Calls      int            `json:"calls"`
	Bad        int            `json:"bad"`
	ByInstance map[string]int `json:"by_instance"`
}

// run calls until all calls are made, or ctx is done; calls in flight then are ended.
func (l *load) run(ctx context.Context, call call) tally {
	l.tally.ByInstance = map[string]int{}
	var last atomic.Int64
	var workers sync.WaitGroup
	for i := 0; i < l.concurrency; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for ctx.Err() == nil {
				number := int(last.Add(1))
				if l.calls >= 0 && number > l.calls {
					return
				}
				l.callOnce(number, call)
				select {
				case <-ctx.Done():
				case <-time.After(l.interval):
				}
			}
		}()
	}
	workers.Wait()
	return l.tally
}

func (l *load) callOnce(number int, call call) {
	back := backward{}
	ctx := back.expect(context.Background())
	for key, value := range l.persist {
		ctx = metainfo.WithPersistentValue(ctx, key, value)
	}
	for key, value := range l.transit {
		ctx = metainfo.WithValue(ctx, key, value)
	}
	message := l.text(number)
	answer, err := call(ctx, message)

	l.lock.Lock()
	defer l.lock.Unlock()
	if l.verbose {
		kind, detail := outcome(answer, err)
		fmt.Printf("RESULT %d %s %s\n", number, kind, oneLine(detail))
		for _, pair := range back.received(ctx, err).Sorted() {
			fmt.Println("BACK " + pair)
		}
	}
	l.tally.Calls++
	instance, rest, found := strings.Cut(answer, "|")
	switch {
	case err != nil:
		l.bad(number, err.Error())
	case l.oneway && answer == "":
	case !found || rest != message && message != "meta" && message != "fired":
		l.bad(number, "wrong answer "+answer)
	default:
		l.tally.ByInstance[instance]++
		if l.printStart && l.tally.ByInstance[instance] == 1 {
			fmt.Println("CALLING " + instance)
		}
	}
}

func (l *load) bad(number int, reason string) {
	l.tally.Bad++
	fmt.Fprintf(os.Stderr, "call %d: %.1000s\n", number, oneLine(reason))
}

func (l *load) text(number int) string {
	switch {
	case l.payload > 0:
		return strings.Repeat("x", l.payload)
	case l.message != "":
		return l.message
	}
	return strconv.Itoa(number)
}

// outcome is a call's kind and detail.
func outcome(answer string, err error) (kind, detail string) {
	var refused *api.Refused
	if err == nil {
		return "ok", answer
	}
	if errors.As(err, &refused) {
		return "declared", fmt.Sprintf("%d %s", refused.Code, refused.Reason)
	}
	if biz, ok := kerrors.FromBizStatusError(err); ok {
		extra := program.Pairs(biz.BizExtra())
		return "biz", fmt.Sprintf("%d %s %s", biz.BizStatusCode(), biz.BizMessage(), extra)
	}
	if remote := (*remote.TransError)(nil); errors.As(err, &remote) {
		return "error", fmt.Sprintf("%s (code %d)", err, remote.TypeID())
	}
	return "error", err.Error()
}

func oneLine(text string) string {
	return strings.ReplaceAll(text, "\n", " ")
}
