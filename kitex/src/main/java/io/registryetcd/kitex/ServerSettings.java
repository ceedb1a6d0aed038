package io.registryetcd.kitex;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;

/** What a server's connections need to know. */
record ServerSettings(
    Router router,
    Executor executor,
    int maxFrameBytes,
    int maxConnections,
    Duration idleTimeout,
    Duration messageTimeout,
    Optional<SSLContext> tls) {}
