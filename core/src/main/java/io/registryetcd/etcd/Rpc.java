package io.registryetcd.etcd;

import java.time.Duration;

/** What every call of a client needs: its thread, its connections, its token and its deadline. */
record Rpc(ClientThread thread, Connections connections, Login login, Duration requestTimeout) {}
