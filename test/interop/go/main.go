// Holds etcd's own mutex, concurrency.Mutex of its Go client, until standard input ends: `mutex ENDPOINT NAME`.
// Says "waits", "holds REVISION KEY" and "released", a line each.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

const (
	dialTimeout       = 5 * time.Second
	lifetimeMax       = 60 * time.Second
	sessionTTLSeconds = 10
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(endpoint, name string) error {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: dialTimeout})
	if err != nil {
		return err
	}
	defer client.Close()
	session, err := concurrency.NewSession(client, concurrency.WithTTL(sessionTTLSeconds))
	if err != nil {
		return err
	}
	defer session.Close()
	ctx, cancel := context.WithTimeout(context.Background(), lifetimeMax)
	defer cancel()
	mutex := concurrency.NewMutex(session, name)
	fmt.Println("waits")
	if err := mutex.Lock(ctx); err != nil {
		return err
	}
	entry, err := client.Get(ctx, mutex.Key())
	if err != nil {
		return err
	}
	if len(entry.Kvs) == 0 {
		return fmt.Errorf("%s is gone", mutex.Key())
	}
	fmt.Println("holds", entry.Kvs[0].CreateRevision, mutex.Key())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	if err := mutex.Unlock(ctx); err != nil {
		return err
	}
	fmt.Println("released")
	return nil
}
